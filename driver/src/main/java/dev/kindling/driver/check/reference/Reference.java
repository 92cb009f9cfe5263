package dev.kindling.driver.check.reference;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** A method on one task, computed step by step in Java as a function of θ. Not thread-safe. */
public interface Reference {
    /**
     * The results of the task.
     *
     * @param objective the scalar whose derivative is the contribution
     * @param queryLoss after the last step
     * @param supportLoss before the first step
     * @param accuracy on the queries; empty for regression
     * @param adapted the model's parameters after 0, 1, ... steps; empty for a method without inner steps
     * @param output for the queries, row-major
     * @param probabilities of the classes for the queries, row-major; empty if the outputs are not logits
     * @param sides a hash, equal for two θ if every rectifier, comparison and maximum is on the same side
     */
    record Outcome(
            double objective,
            double queryLoss,
            double supportLoss,
            OptionalDouble accuracy,
            List<NamedArrays> adapted,
            double[] output,
            Optional<double[]> probabilities,
            long sides) {}

    /** The results of the task at θ. */
    Outcome at(NamedArrays theta);

    /**
     * Those arrays of the contribution that are known without a derivative through adaptation: running statistics and deltas.
     */
    NamedArrays known(NamedArrays theta);

    /** The query gradient at the adapted parameters; empty if θ is not exactly the model's parameters. */
    default Optional<NamedArrays> firstOrder(NamedArrays theta) {
        return Optional.empty();
    }

    /**
     * The relative residual of a contribution in the linear system that the method solves; empty for a method without a linear
     * system.
     */
    default OptionalDouble residual(NamedArrays theta, NamedArrays contribution) {
        return OptionalDouble.empty();
    }
}
