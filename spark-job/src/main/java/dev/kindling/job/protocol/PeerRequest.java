package dev.kindling.job.protocol;

import dev.kindling.job.reduce.VectorShard;

/** What an executor asks another one of its run for; the answer are numbers. */
public sealed interface PeerRequest {
    /** The slice of a vector that the other one was sent. */
    record VectorShardRequest(long version) implements PeerRequest {}

    /**
     * A slice of the sums of each node of a reply that the other one keeps, node after node.
     *
     * @param shared version of the vector of the reply's order
     * @param firstTask of the order
     */
    record SumShardRequest(long shared, int firstTask, VectorShard shard) implements PeerRequest {}
}
