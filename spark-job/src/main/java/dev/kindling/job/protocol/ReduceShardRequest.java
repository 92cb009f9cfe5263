package dev.kindling.job.protocol;

import dev.kindling.job.reduce.VectorShard;
import java.util.List;

/**
 * One slice of the sums that executors kept of a round, to be folded: driver to executors. Whoever gets it fetches that
 * slice of every node from the executor that keeps it, and adds in the tree's order.
 *
 * @param shared version of the vector of the round
 * @param blocks count of blocks of the round, which fixes the fold's tree
 * @param shard which slice
 * @param sources the nodes of the round, each exactly once
 */
public record ReduceShardRequest(long shared, int blocks, VectorShard shard, List<Source> sources)
        implements ExecutorMessage {
    public ReduceShardRequest {
        sources = List.copyOf(sources);
    }

    /**
     * The nodes of one reply.
     *
     * @param holder who keeps their sums
     * @param firstTask of the order that was replied to
     */
    public record Source(PeerAccess holder, int firstTask, List<NodeHeader> nodes) {
        public Source {
            nodes = List.copyOf(nodes);
        }
    }

    /** A node without its numbers, as {@link dev.kindling.job.reduce.PartialSum}. */
    public record NodeHeader(int level, int index, int tasks) {}
}
