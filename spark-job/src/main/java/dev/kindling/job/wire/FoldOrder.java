package dev.kindling.job.wire;

import dev.kindling.job.fold.Slice;
import java.util.List;

/**
 * One slice of the sums that executors kept of a round, to be folded: driver to executors. Whoever gets it fetches that
 * slice of every node from the executor that keeps it, and adds in the tree's order.
 *
 * @param shared version of the vector of the round
 * @param blocks count of blocks of the round, which fixes the fold's tree
 * @param slice which slice
 * @param pieces the nodes of the round, each exactly once
 */
public record FoldOrder(long shared, int blocks, Slice slice, List<Piece> pieces) implements ToWorker {
    public FoldOrder {
        pieces = List.copyOf(pieces);
    }

    /**
     * The nodes of one reply.
     *
     * @param holder who keeps their sums
     * @param firstTask of the order that was replied to
     */
    public record Piece(PeerAccess holder, int firstTask, List<Head> nodes) {
        public Piece {
            nodes = List.copyOf(nodes);
        }
    }

    /** A node without its numbers, as {@link dev.kindling.job.fold.FoldNode}. */
    public record Head(int level, int index, int tasks) {}
}
