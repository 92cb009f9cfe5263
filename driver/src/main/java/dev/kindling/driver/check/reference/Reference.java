package dev.kindling.driver.check.reference;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

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
     */
    record Outcome(
            double objective,
            double queryLoss,
            double supportLoss,
            OptionalDouble accuracy,
            List<NamedArrays> adapted,
            double[] output,
            Optional<double[]> probabilities) {}

    /** The results of the task at θ, with sides that are noted or fixed. */
    Outcome at(NamedArrays theta, Sides sides);

    /** The results of the task at θ. */
    default Outcome at(NamedArrays theta) {
        return at(theta, new Sides());
    }

    /**
     * The objective on the smooth piece that θ lies on, as a function of other θ: every rectifier, comparison and maximum keeps the
     * side that it has at the given one.
     */
    default ToDoubleFunction<NamedArrays> smoothObjective(NamedArrays theta) {
        Sides sides = new Sides();
        at(theta, sides);
        return other -> at(other, sides.asFixed()).objective();
    }

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
