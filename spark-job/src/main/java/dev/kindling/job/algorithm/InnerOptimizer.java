package dev.kindling.job.algorithm;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * The update rule of inner steps for a gradient g, expressed as values so that a method can differentiate through it. Moments
 * are initially 0 for every task unless a method carries them.
 *
 * <p>At 0 the square root of the second moment has no derivative: all gradients so far were 0, the step is 0, and the
 * derivative of the root is defined as 0.
 *
 * @param kind the rule
 * @param beta1 β1, the decay rate of the first moment or velocity, from 0 to below 1
 * @param beta2 β2, the decay rate of the second moment, from 0 to below 1
 * @param epsilon ε, added to the square root of the second moment, above 0
 */
public record InnerOptimizer(Kind kind, double beta1, double beta2, double epsilon) {
    /** The name of the moment that is a mean of squares. */
    static final String SQUARE = "square";

    /** The rules. */
    public enum Kind {
        /** θ - α g. */
        SGD,
        /** v ← β1 v + g; θ - α v (Polyak, 1964). */
        MOMENTUM,
        /** v ← β2 v + (1 - β2) g²; θ - α g / (√v + ε) (Hinton, 2012). */
        RMSPROP,
        /** Kingma and Ba, ICLR 2015, algorithm 1. */
        ADAM
    }

    /** Gradient descent. */
    public static final InnerOptimizer SGD = new InnerOptimizer(Kind.SGD, 0.9, 0.999, 1e-8);

    /**
     * Validates the settings.
     *
     * @throws IllegalArgumentException naming the key, its value and what is allowed
     */
    public InnerOptimizer {
        requireDecayRate("algorithm.inner-beta1", beta1);
        requireDecayRate("algorithm.inner-beta2", beta2);
        if (!(epsilon > 0) || Double.isInfinite(epsilon)) {
            throw new IllegalArgumentException(
                    "algorithm.inner-epsilon is " + epsilon + "; it must be a finite number above 0");
        }
    }

    private static void requireDecayRate(String key, double rate) {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException(key + " is " + rate + "; it must be at least 0 and below 1");
        }
    }

    static InnerOptimizer of(AlgorithmConfig config) {
        return new InnerOptimizer(
                config.choice("algorithm.inner-optimizer", Kind.class),
                config.number("algorithm.inner-beta1"),
                config.number("algorithm.inner-beta2"),
                config.number("algorithm.inner-epsilon"));
    }

    /** The names of a parameter's moments, each with the parameter's shape. */
    List<String> moments() {
        return switch (kind) {
            case SGD -> List.of();
            case MOMENTUM -> List.of("velocity");
            case RMSPROP -> List.of(SQUARE);
            case ADAM -> List.of("mean", SQUARE);
        };
    }

    /** The names of scalars common to all parameters: β to the power of the number of steps so far. */
    List<String> powers() {
        return kind == Kind.ADAM ? List.of("beta1", "beta2") : List.of();
    }

    /** The scalars of {@link #powers} after a step. */
    List<Value> nextPowers(ProgramBuilder b, List<Value> powers) {
        return kind == Kind.ADAM
                ? List.of(b.mul(powers.get(0), b.constant(beta1)), b.mul(powers.get(1), b.constant(beta2)))
                : List.of();
    }

    /**
     * The result of a step.
     *
     * @param step to be multiplied by the learning rate and subtracted from the parameter
     * @param moments after the step
     */
    record Step(Value step, List<Value> moments) {}

    /**
     * The step for one parameter.
     *
     * @param moments of the parameter, in the order of {@link #moments()}
     * @param powers after this step
     */
    Step step(ProgramBuilder b, Value gradient, List<Value> moments, List<Value> powers) {
        switch (kind) {
            case SGD -> {
                return new Step(gradient, List.of());
            }
            case MOMENTUM -> {
                Value velocity = b.add(b.mul(moments.get(0), b.constant(beta1)), gradient);
                return new Step(velocity, List.of(velocity));
            }
            case RMSPROP -> {
                Value square = decayed(b, moments.get(0), b.square(gradient), beta2);
                return new Step(b.div(gradient, b.add(root(b, square), b.constant(epsilon))), List.of(square));
            }
            case ADAM -> {
                List<Value> next = new ArrayList<>();
                next.add(decayed(b, moments.get(0), gradient, beta1));
                next.add(decayed(b, moments.get(1), b.square(gradient), beta2));
                Value mean = b.div(next.get(0), b.sub(b.constant(1), powers.get(0)));
                Value square = b.div(next.get(1), b.sub(b.constant(1), powers.get(1)));
                return new Step(b.div(mean, b.add(root(b, square), b.constant(epsilon))), next);
            }
            default -> throw new IllegalStateException("no rule for " + kind);
        }
    }

    /** β m + (1 - β) x. */
    private static Value decayed(ProgramBuilder b, Value moment, Value x, double beta) {
        return b.add(b.mul(moment, b.constant(beta)), b.mul(x, b.constant(1 - beta)));
    }

    private static Value root(ProgramBuilder b, Value square) {
        Value positive = b.greater(square, b.constant(0));
        return b.select(positive, b.sqrt(b.select(positive, square, b.constant(1))), b.constant(0));
    }
}
