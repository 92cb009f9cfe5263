package dev.kindling.job.task;

/** What a task is drawn for; each purpose has its own stream of tasks and, where a source has splits, its own classes. */
public enum Split {
    TRAIN(0),
    VALIDATE(1),
    TEST(2);

    private final int key;

    Split(int key) {
        this.key = key;
    }

    /** This purpose's part of a task's key: a number that never changes, whatever joins the list. */
    public int key() {
        return key;
    }
}
