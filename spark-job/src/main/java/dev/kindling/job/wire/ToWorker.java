package dev.kindling.job.wire;

/** What the driver says to an executor that stays connected. */
public sealed interface ToWorker permits Job, SharedVector, VectorSlice, WorkOrder, FoldOrder, Closed {}
