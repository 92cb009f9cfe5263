package dev.kindling.job.protocol;

/** The outcome of a {@link RangeRequest}: its result or a failure. Executor to driver. */
public sealed interface RangeOutcome permits RangeResult, Failure {}
