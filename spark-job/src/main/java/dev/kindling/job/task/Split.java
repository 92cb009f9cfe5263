package dev.kindling.job.task;

/**
 * The part of the data that a task is sampled from; each split has tasks of its own and, in few-shot sources, classes
 * of its own.
 */
public enum Split {
    TRAIN(0),
    VALIDATE(1),
    TEST(2);

    private final int key;

    Split(int key) {
        this.key = key;
    }

    /** The split's component of a task key: a constant that does not change when constants are added. */
    public int key() {
        return key;
    }
}
