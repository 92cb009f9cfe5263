package dev.kindling.driver.check.reference;

import dev.kindling.driver.check.reference.ModelPasses.Mode;
import dev.kindling.job.algorithm.AlgorithmConfig;
import java.util.OptionalDouble;
import java.util.function.BinaryOperator;

/**
 * The reference of implicit MAML (Rajeswaran and others, NeurIPS 2019): checks whether a contribution g solves equation 6,
 * (1 + δ) g + A g / λ = ∇L_query(φ), with A g from central differences of first-order support gradients at the adapted
 * parameters.
 */
final class ImplicitReference extends InnerLoopReference {
    private static final double STEP = 1e-4;

    private final double lambda;
    private final double damping;
    private final boolean exact;

    ImplicitReference(TaskContext task, AlgorithmConfig config) {
        super(task, new StepRules.Proximal(config));
        this.lambda = config.number("imaml.lambda");
        this.damping = config.number("imaml.damping");
        this.exact = config.isKeyword("imaml.product", "exact");
    }

    /** Empty if the method itself uses differences, whose step size is part of its result. */
    @Override
    public OptionalDouble residual(NamedArrays theta, NamedArrays contribution) {
        if (!exact) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(residual(theta, contribution, this::hessian));
    }

    /**
     * The residual with another Hessian product.
     *
     * @param hessian computes A g from φ and g
     */
    final double residual(NamedArrays theta, NamedArrays contribution, BinaryOperator<NamedArrays> hessian) {
        NamedArrays phi = adapted(theta);
        NamedArrays right = queryGradient(theta, phi);
        NamedArrays g = contribution.only(right.names());
        if (g.norm() == 0) {
            return right.norm() == 0 ? 0 : 1;
        }
        NamedArrays product = hessian.apply(phi, g);
        NamedArrays left = right.plus(-(1 + damping), g).plus(-1 / lambda, product);
        return right.norm() == 0 ? left.norm() : left.norm() / right.norm();
    }

    /** A g on the smooth piece that φ lies on. */
    private NamedArrays hessian(NamedArrays phi, NamedArrays g) {
        double step = STEP / g.norm();
        Sides sides = new Sides();
        gradient(phi, sides);
        NamedArrays forward = gradient(phi.with(phi.only(g.names()).plus(step, g)), sides.asFixed());
        NamedArrays backward = gradient(phi.with(phi.only(g.names()).plus(-step, g)), sides.asFixed());
        return forward.plus(-1, backward).only(g.names()).times(1 / (2 * step));
    }

    private NamedArrays gradient(NamedArrays phi, Sides sides) {
        return passes().supportWithoutDropout(NamedDuals.constant(phi), task().support(), Mode.GRADIENT, sides)
                .gradient()
                .values();
    }
}
