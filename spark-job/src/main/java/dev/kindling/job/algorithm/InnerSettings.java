package dev.kindling.job.algorithm;

import java.util.OptionalInt;

/**
 * The settings of the inner loop, {@code algorithm.inner-*}.
 *
 * @param rate α, the learning rate of inner steps, above 0
 * @param steps number of steps in training, at least 1
 * @param optimizer the update rule
 * @param unroll the number of steps up to which a training program unrolls the inner loop; empty for the method's default
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

    /** Whether a step is plain gradient descent, φ - α ∇L(φ). */
    boolean plain() {
        return optimizer.kind() == InnerOptimizer.Kind.SGD;
    }
}
