package dev.kindling.job.protocol;

/** A message of the driver to an executor with an authenticated connection. */
public sealed interface ExecutorMessage
        permits Job, BroadcastVector, BroadcastShard, RangeRequest, ReduceShardRequest, StopExecutor {}
