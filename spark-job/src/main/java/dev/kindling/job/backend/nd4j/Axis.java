package dev.kindling.job.backend.nd4j;

/** Whether the numbers of a value are there once, or once for each task of a sub-block. */
enum Axis {
    ONE,
    TASKS;

    /** The axis of what is computed from both. */
    Axis and(Axis other) {
        return this == TASKS ? TASKS : other;
    }
}
