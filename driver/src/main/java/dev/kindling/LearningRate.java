package dev.kindling;

import java.util.Map;

/** A rate over the rounds of a run: constant or a schedule. */
public final class LearningRate {
    private final Object value;

    private LearningRate(Object value) {
        this.value = value;
    }

    /** The same rate in every round. */
    public static LearningRate constant(double rate) {
        return new LearningRate(rate);
    }

    /** From one rate to another along a line, over the rounds of the run. */
    public static LearningRate linear(double from, double to) {
        return new LearningRate(Map.of("schedule", "linear", "from", from, "to", to));
    }

    /** From one rate to another along half a cosine, over the rounds of the run. */
    public static LearningRate cosine(double from, double to) {
        return new LearningRate(Map.of("schedule", "cosine", "from", from, "to", to));
    }

    /** A rate multiplied by a factor every so many rounds. */
    public static LearningRate step(double from, double factor, long every) {
        return new LearningRate(Map.of("schedule", "step", "from", from, "factor", factor, "every", every));
    }

    /** A line from one rate to the first of another schedule over so many rounds, then that schedule. */
    public static LearningRate warmUp(double from, long rounds, LearningRate then) {
        return new LearningRate(Map.of("schedule", "warm-up", "from", from, "rounds", rounds, "then", then.value));
    }

    Object value() {
        return value;
    }
}
