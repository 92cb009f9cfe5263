package dev.kindling.job.backend.nd4j;

/** Whether the numbers of a value are there once, or once for each task of a sub-block. */
enum TaskAxis {
    ONE,
    TASKS;

    /** The axis of what is computed from both. */
    TaskAxis and(TaskAxis other) {
        return this == TASKS ? TASKS : other;
    }
}
