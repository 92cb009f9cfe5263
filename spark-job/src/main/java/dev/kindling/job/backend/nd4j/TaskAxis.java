package dev.kindling.job.backend.nd4j;

/** Whether a value has a leading task axis. */
enum TaskAxis {
    /** One array for all tasks. */
    ONE,
    /** One array for each task of a batch. */
    TASKS;

    /** The axis of a value that is computed from values with both. */
    TaskAxis and(TaskAxis other) {
        return this == TASKS ? TASKS : other;
    }
}
