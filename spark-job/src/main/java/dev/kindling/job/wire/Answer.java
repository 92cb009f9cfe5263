package dev.kindling.job.wire;

/** What comes back for a {@link WorkOrder}: its result, or why no worker will ever have one. Executor to driver. */
public sealed interface Answer permits WorkReply, Failure {}
