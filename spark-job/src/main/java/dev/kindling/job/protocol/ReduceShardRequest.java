package dev.kindling.job.protocol;

import dev.kindling.job.reduce.VectorShard;
import java.util.List;

/**
 * A request to reduce one shard of the sums that executors retain of a round: driver to executors. The receiver fetches
 * that shard of every partial sum from the executor that retains it, and adds in the order of the reduction tree.
 *
 * @param shared version of the vector of the round
 * @param blocks number of blocks of the round, which fixes the shape of the reduction tree
 * @param shard to be reduced
 * @param sources the partial sums of the round, each exactly once
 */
public record ReduceShardRequest(long shared, int blocks, VectorShard shard, List<Source> sources)
        implements ExecutorMessage {
    public ReduceShardRequest {
        sources = List.copyOf(sources);
    }

    /**
     * The partial sums of one range.
     *
     * @param holder the executor that retains them
     * @param firstTask of the range
     */
    public record Source(PeerAccess holder, int firstTask, List<NodeHeader> nodes) {
        public Source {
            nodes = List.copyOf(nodes);
        }
    }

    /** A {@link dev.kindling.job.reduce.PartialSum} without its vectors. */
    public record NodeHeader(int level, int index, int tasks) {}
}
