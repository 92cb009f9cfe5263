package dev.kindling.job.protocol;

/** The run is over: let your threads go. */
public record StopExecutor() implements ExecutorMessage {}
