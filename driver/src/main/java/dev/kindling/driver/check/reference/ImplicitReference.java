package dev.kindling.driver.check.reference;

import dev.kindling.driver.check.reference.ModelPasses.Wanted;
import dev.kindling.job.algorithm.AlgorithmConfig;
import java.util.OptionalDouble;

/**
 * Implicit MAML: whether a contribution g solves (1 + δ) g + A g / λ = ∇L_query(φ), equation 6, with A g from central
 * differences of first-order support gradients at the adapted parameters.
 */
final class ImplicitReference extends InnerLoopReference {
    private static final double[] STEPS = {1e-4, 1e-5, 1e-6, 1e-7};

    private final double lambda;
    private final double damping;
    private final boolean exact;

    ImplicitReference(TaskContext task, AlgorithmConfig config) {
        super(task, new StepRules.Proximal(config));
        this.lambda = config.number("imaml.lambda");
        this.damping = config.number("imaml.damping");
        this.exact = config.isKeyword("imaml.product", "exact");
    }

    /** Empty where the method itself takes differences, in steps that are part of what it computes. */
    @Override
    public OptionalDouble residual(NamedArrays theta, NamedArrays contribution) {
        if (!exact) {
            return OptionalDouble.empty();
        }
        NamedArrays phi = adapted(theta);
        NamedArrays right = queryGradient(theta, phi);
        NamedArrays g = contribution.only(right.names());
        double length = g.norm();
        if (length == 0) {
            return OptionalDouble.of(right.norm() == 0 ? 0 : 1);
        }
        NamedArrays product = hessian(phi, g, length);
        NamedArrays left = right.plus(-(1 + damping), g).plus(-1 / lambda, product);
        return OptionalDouble.of(right.norm() == 0 ? left.norm() : left.norm() / right.norm());
    }

    /** A g, with the largest step that crosses no kink. */
    private NamedArrays hessian(NamedArrays phi, NamedArrays g, double length) {
        NamedArrays product = NamedArrays.empty();
        for (double size : STEPS) {
            double step = size / length;
            ModelPasses.Result ahead = gradient(phi.with(phi.only(g.names()).plus(step, g)));
            ModelPasses.Result behind = gradient(phi.with(phi.only(g.names()).plus(-step, g)));
            product =
                    ahead.gradient().plus(-1, behind.gradient()).only(g.names()).times(1 / (2 * step));
            if (sides(ahead) == sides(behind)) {
                return product;
            }
        }
        return product;
    }

    private ModelPasses.Result gradient(NamedArrays phi) {
        return passes().supportWithoutDropout(phi, task().support(), Wanted.GRADIENT);
    }

    private static long sides(ModelPasses.Result result) {
        Sides sides = new Sides();
        sides.add(result.outputs());
        return sides.hash();
    }
}
