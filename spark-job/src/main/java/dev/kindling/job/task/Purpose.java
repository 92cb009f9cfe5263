package dev.kindling.job.task;

/** What a task is drawn for; each purpose has its own stream of tasks and, where a source has splits, its own classes. */
public enum Purpose {
    TRAIN,
    VALIDATE,
    TEST
}
