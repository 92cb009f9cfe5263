package dev.kindling.job.protocol;

import dev.kindling.job.reduce.VectorShard;

/** A request of one executor to another of its run; the response is a vector. */
public sealed interface PeerRequest {
    /** Requests the shard of a vector that the other executor was sent. */
    record VectorShardRequest(long version) implements PeerRequest {}

    /**
     * Requests a shard of each partial sum of a result that the other executor retains, concatenated.
     *
     * @param shared version of the vector that the range was run with
     * @param firstTask of the range
     */
    record SumShardRequest(long shared, int firstTask, VectorShard shard) implements PeerRequest {}
}
