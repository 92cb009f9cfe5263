package dev.kindling.job.protocol;

import dev.kindling.job.tensor.FlatVector;

/** What an executor that stays connected says to the driver, once it is authenticated. */
public sealed interface DriverMessage {
    /**
     * A worker job has started here and lends its thread.
     *
     * @param device that Spark has given it, for logs
     */
    record WorkerStarted(long workerJobId, String device) implements DriverMessage {}

    /**
     * Still here; said whenever the count changes, and every now and then.
     *
     * @param threads that can run orders now: 0 while the job is being opened
     */
    record Heartbeat(int threads) implements DriverMessage {}

    /**
     * What came of an order.
     *
     * @param shared version of the vector that the order named
     * @param firstTask as in the order
     */
    record RangeCompleted(long shared, int firstTask, RangeOutcome outcome) implements DriverMessage {}

    /**
     * An order that keeps its sums has been run.
     *
     * @param shared version of the vector that the order named
     * @param result its nodes without sums
     */
    record RangeRetained(long shared, RangeResult result) implements DriverMessage {}

    /** The slices of a vector did not come together here: the whole vector is needed. */
    record VectorMissing(long version) implements DriverMessage {}

    /**
     * What came of a {@link ReduceShardRequest}.
     *
     * @param shared as in the order
     * @param shard index of the slice
     * @param sums the slice of the round's sums
     */
    record ShardReduced(long shared, int shard, FlatVector sums) implements DriverMessage {}

    /**
     * Nothing came of a {@link ReduceShardRequest}.
     *
     * @param reason in one clause
     */
    record ShardFailed(long shared, int shard, String reason) implements DriverMessage {}

    /** The job cannot be opened, here or anywhere. */
    record JobRejected(Failure failure) implements DriverMessage {}
}
