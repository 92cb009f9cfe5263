package dev.kindling.job.protocol;

import dev.kindling.job.tensor.FlatVector;

/**
 * A message of an executor with an authenticated connection to the driver. A new message is a record here, an entry of
 * {@code MessageCodec.Kind}, and a method of {@link Visitor}, which the compiler then demands of every receiver.
 */
public sealed interface DriverMessage {
    /**
     * Receives messages by their type.
     *
     * @param <C> what the receiver knows of a message besides its content
     */
    interface Visitor<C> {
        void workerStarted(WorkerStarted message, C context);

        void heartbeat(Heartbeat message, C context);

        void rangeCompleted(RangeCompleted message, C context);

        void rangeRetained(RangeRetained message, C context);

        void vectorMissing(VectorMissing message, C context);

        void shardReduced(ShardReduced message, C context);

        void shardFailed(ShardFailed message, C context);

        void jobRejected(JobRejected message, C context);
    }

    /** Calls the visitor's method for the type of this message. */
    <C> void accept(Visitor<C> visitor, C context);

    /**
     * A worker job has started on the executor; its thread runs blocks from now on.
     *
     * @param device that Spark has assigned to it, for logs
     */
    record WorkerStarted(long workerJobId, String device) implements DriverMessage {
        @Override
        public <C> void accept(Visitor<C> visitor, C context) {
            visitor.workerStarted(this, context);
        }
    }

    /**
     * The executor is alive; sent when the thread count changes, and periodically.
     *
     * @param threads that can run ranges now: 0 while the job is being opened
     */
    record Heartbeat(int threads) implements DriverMessage {
        @Override
        public <C> void accept(Visitor<C> visitor, C context) {
            visitor.heartbeat(this, context);
        }
    }

    /**
     * A range has been run, or has failed.
     *
     * @param shared version of the vector that the request named
     * @param firstTask as in the request
     */
    record RangeCompleted(long shared, int firstTask, RangeOutcome outcome) implements DriverMessage {
        @Override
        public <C> void accept(Visitor<C> visitor, C context) {
            visitor.rangeCompleted(this, context);
        }
    }

    /**
     * A range has been run, and its sums are retained by the executor.
     *
     * @param shared version of the vector that the request named
     * @param result with empty sums
     */
    record RangeRetained(long shared, RangeResult result) implements DriverMessage {
        @Override
        public <C> void accept(Visitor<C> visitor, C context) {
            visitor.rangeRetained(this, context);
        }
    }

    /** The executor could not gather the shards of a vector and needs the whole vector. */
    record VectorMissing(long version) implements DriverMessage {
        @Override
        public <C> void accept(Visitor<C> visitor, C context) {
            visitor.vectorMissing(this, context);
        }
    }

    /**
     * The result of a {@link ReduceShardRequest}.
     *
     * @param shared as in the request
     * @param shard index of the shard
     * @param sums the shard of the round's sums
     */
    record ShardReduced(long shared, int shard, FlatVector sums) implements DriverMessage {
        @Override
        public <C> void accept(Visitor<C> visitor, C context) {
            visitor.shardReduced(this, context);
        }
    }

    /**
     * A {@link ReduceShardRequest} has failed.
     *
     * @param reason in one clause
     */
    record ShardFailed(long shared, int shard, String reason) implements DriverMessage {
        @Override
        public <C> void accept(Visitor<C> visitor, C context) {
            visitor.shardFailed(this, context);
        }
    }

    /** The job cannot be opened, on this executor or any other. */
    record JobRejected(Failure failure) implements DriverMessage {
        @Override
        public <C> void accept(Visitor<C> visitor, C context) {
            visitor.jobRejected(this, context);
        }
    }
}
