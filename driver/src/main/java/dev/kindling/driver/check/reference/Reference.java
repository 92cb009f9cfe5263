package dev.kindling.driver.check.reference;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** A method on one task, computed step by step: a function of θ. Not thread-safe. */
public interface Reference {
    /**
     * What the task comes to.
     *
     * @param objective what the contribution is the derivative of
     * @param queryLoss after the last step
     * @param supportLoss before the first step
     * @param accuracy on the queries; empty for regression
     * @param adapted the model's parameters after 0, 1, ... steps; empty for a method without inner steps
     * @param output for the queries, row after row
     * @param probabilities of the classes for the queries, row after row; empty where the output is something else than logits
     * @param sides equal for two θ if no rectifier, comparison or maximum stands otherwise at one than at the other
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

    /** What the task comes to at θ. */
    Outcome at(NamedArrays theta);

    /**
     * Those arrays of the contribution whose numbers are known without a derivative through adaptation: what follows
     * statistics, and deltas.
     */
    NamedArrays known(NamedArrays theta);

    /** The query gradient at the adapted parameters, by the model's parameters; empty where these are not θ itself. */
    default Optional<NamedArrays> firstOrder(NamedArrays theta) {
        return Optional.empty();
    }

    /**
     * The relative residual of a contribution in the linear system that the method solves; empty for a method without one.
     */
    default OptionalDouble residual(NamedArrays theta, NamedArrays contribution) {
        return OptionalDouble.empty();
    }
}
