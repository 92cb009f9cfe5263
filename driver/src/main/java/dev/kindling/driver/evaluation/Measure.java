package dev.kindling.driver.evaluation;

/** The measures on a task's query set. */
public enum Measure {
    /** Mean loss; lower is better. */
    LOSS("loss", Statistics.Better.LOWER),
    /** Fraction of correctly classified queries; higher is better. */
    ACCURACY("accuracy", Statistics.Better.HIGHER);

    private final String key;
    private final Statistics.Better better;

    Measure(String key, Statistics.Better better) {
        this.key = key;
        this.better = better;
    }

    /** The name in programs and files. */
    public String key() {
        return key;
    }

    /** Which direction is better. */
    public Statistics.Better better() {
        return better;
    }
}
