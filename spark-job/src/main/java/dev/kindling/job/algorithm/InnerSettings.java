package dev.kindling.job.algorithm;

import java.util.OptionalInt;

/**
 * How a task adapts: what is configured as {@code algorithm.inner-*}.
 *
 * @param rate α, the step size on the support loss, greater than 0
 * @param steps steps of training, at least 1
 * @param optimizer what a step makes of the gradient
 * @param unroll up to so many steps are written out one by one in the program of a training task, more are a loop; empty
 *     where the method decides
 */
public record InnerSettings(double rate, int steps, InnerOptimizer optimizer, OptionalInt unroll) {
    /**
     * Validates the settings.
     *
     * @throws IllegalArgumentException naming the key, its value and what is allowed
     */
    public InnerSettings {
        if (!(rate > 0) || Double.isInfinite(rate)) {
            throw new IllegalArgumentException(
                    "algorithm.inner-learning-rate is " + rate + "; it must be a finite number above 0");
        }
        if (steps < 1) {
            throw new IllegalArgumentException("algorithm.inner-steps is " + steps + "; it must be at least 1");
        }
        if (unroll.isPresent() && unroll.getAsInt() < 0) {
            throw new IllegalArgumentException(
                    "algorithm.unroll is " + unroll.getAsInt() + "; it must be auto or at least 0");
        }
    }

    /** Gradient descent. */
    public InnerSettings(double rate, int steps) {
        this(rate, steps, InnerOptimizer.SGD, OptionalInt.empty());
    }

    static InnerSettings of(AlgorithmConfig config) {
        return new InnerSettings(
                config.number("algorithm.inner-learning-rate"),
                config.count("algorithm.inner-steps"),
                InnerOptimizer.of(config),
                config.isKeyword("algorithm.unroll", "auto")
                        ? OptionalInt.empty()
                        : OptionalInt.of(config.count("algorithm.unroll")));
    }

    /** Whether a step is φ - α ∇L(φ) and nothing else. */
    boolean plain() {
        return optimizer.kind() == InnerOptimizer.Kind.SGD;
    }
}
