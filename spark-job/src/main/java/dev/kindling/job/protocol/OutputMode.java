package dev.kindling.job.protocol;

/** Which outputs of a round's tasks are returned. */
public enum OutputMode {
    /** Their sums (training); a task whose outputs are not finite is left out of them. */
    SUMS,
    /** The sums and the per-task outputs of each task (evaluation); no task is left out. */
    PER_TASK
}
