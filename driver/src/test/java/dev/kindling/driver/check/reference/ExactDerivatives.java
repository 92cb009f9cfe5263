package dev.kindling.driver.check.reference;

import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * Derivatives of a reference method, exact up to rounding, in forward mode: each pass computes the directional derivatives of
 * its loss and gradient, and the update rules propagate dual numbers.
 */
public final class ExactDerivatives {
    private final Reference reference;

    /** Derivatives of a method on a task; its programs run with the given compiler. */
    public ExactDerivatives(ReferenceMethod method, TaskContext task, Function<Program, Executable> compiler) {
        this.reference = method.on(new TaskContext(
                task.model(),
                task.layout(),
                task.theta(),
                task.episode(),
                task.key(),
                task.round(),
                pass -> TangentProbe.of(pass, compiler)));
    }

    /** The derivative of the objective along a direction of θ; empty for methods without inner steps. */
    public OptionalDouble along(NamedArrays theta, NamedArrays direction) {
        if (!(reference instanceof InnerLoopReference adapting)) {
            return OptionalDouble.empty();
        }
        return adapting.objective(new NamedDuals(theta, direction)).tangent().stream()
                .mapToDouble(tangent -> tangent[0])
                .findFirst();
    }

    /** {@link Reference#residual} of implicit MAML, with products of the Hessian instead of differences. */
    public double residual(NamedArrays theta, NamedArrays contribution) {
        ImplicitReference implicit = (ImplicitReference) reference;
        return implicit.residual(
                theta,
                contribution,
                (phi, g) -> implicit.passes()
                        .supportWithoutDropout(
                                new NamedDuals(phi, g),
                                implicit.task().support(),
                                ModelPasses.Mode.GRADIENT,
                                new Sides())
                        .gradient()
                        .tangents());
    }
}
