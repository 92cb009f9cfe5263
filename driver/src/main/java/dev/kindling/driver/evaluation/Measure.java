package dev.kindling.driver.evaluation;

/** What is measured on a task's query set. */
public enum Measure {
    /** Mean loss: the lower the better. */
    LOSS("loss", Statistics.Better.LOWER),
    /** The share that is classified rightly: the higher the better. */
    ACCURACY("accuracy", Statistics.Better.HIGHER);

    private final String key;
    private final Statistics.Better better;

    Measure(String key, Statistics.Better better) {
        this.key = key;
        this.better = better;
    }

    /** Its name in programs and files. */
    public String key() {
        return key;
    }

    /** Which way is better. */
    public Statistics.Better better() {
        return better;
    }
}
