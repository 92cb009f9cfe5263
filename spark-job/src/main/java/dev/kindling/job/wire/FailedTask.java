package dev.kindling.job.wire;

/** A task that was left out of a sum, and why, in one clause. */
public record FailedTask(long round, int index, String reason) {}
