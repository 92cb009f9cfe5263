package dev.kindling.job.protocol;

/** What comes back for a {@link RangeRequest}: its result, or why no worker will ever have one. Executor to driver. */
public sealed interface RangeOutcome permits RangeResult, Failure {}
