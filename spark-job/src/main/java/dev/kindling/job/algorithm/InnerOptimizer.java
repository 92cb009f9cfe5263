package dev.kindling.job.algorithm;

import dev.kindling.job.optimizer.Coefficient;
import dev.kindling.job.optimizer.Coefficients;
import dev.kindling.job.optimizer.StepScalar;
import dev.kindling.job.optimizer.UpdateRule;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import java.util.List;

/**
 * The optimizer of inner steps: an {@link UpdateRule} whose moments are initially 0 for every task unless a method carries
 * them. Bias corrections come from powers of β, scalars that all parameters share.
 *
 * @param kind the rule
 * @param beta1 β1, the decay rate of the first moment or velocity, from 0 to below 1
 * @param beta2 β2, the decay rate of the second moment, from 0 to below 1
 * @param epsilon ε, added to the square root of the second moment, above 0
 */
public record InnerOptimizer(Kind kind, double beta1, double beta2, double epsilon) {
    /** The rules. */
    public enum Kind {
        SGD(UpdateRule.SGD),
        /** β1 is the decay rate of the velocity. */
        MOMENTUM(UpdateRule.MOMENTUM),
        RMSPROP(UpdateRule.RMSPROP),
        ADAM(UpdateRule.ADAM);

        private final UpdateRule rule;

        Kind(UpdateRule rule) {
            this.rule = rule;
        }
    }

    /** Gradient descent. */
    public static final InnerOptimizer SGD = new InnerOptimizer(Kind.SGD, 0.9, 0.999, 1e-8);

    /**
     * Validates the settings.
     *
     * @throws IllegalArgumentException naming the key, its value and what is allowed
     */
    public InnerOptimizer {
        Coefficient.BETA1.require("algorithm.inner-beta1", beta1);
        Coefficient.BETA2.require("algorithm.inner-beta2", beta2);
        Coefficient.EPSILON.require("algorithm.inner-epsilon", epsilon);
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
        return kind.rule.moments();
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
     * The step for one parameter.
     *
     * @param moments of the parameter, in the order of {@link #moments()}
     * @param powers after this step
     */
    UpdateRule.Step step(ProgramBuilder b, Value gradient, List<Value> moments, List<Value> powers) {
        return kind.rule.step(
                b,
                new Coefficients(beta1, beta1, beta2, epsilon),
                gradient,
                moments,
                scalar -> b.sub(b.constant(1), powers.get(scalar == StepScalar.MEAN_CORRECTION ? 0 : 1)));
    }
}
