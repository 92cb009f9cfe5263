package dev.kindling.job.wire;

/** The run is over: let your threads go. */
public record Closed() implements ToWorker {}
