package dev.kindling.job.protocol;

/** What the driver says to an executor that stays connected. */
public sealed interface ExecutorMessage
        permits Job, BroadcastVector, BroadcastShard, RangeRequest, ReduceShardRequest, StopExecutor {}
