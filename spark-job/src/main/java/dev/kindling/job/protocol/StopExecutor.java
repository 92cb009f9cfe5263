package dev.kindling.job.protocol;

/** The run is over: the executor's worker threads return. */
public record StopExecutor() implements ExecutorMessage {}
