package dev.kindling.driver.check;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What finite differences say about the contribution of one task.
 *
 * @param queryLoss of the task
 * @param exactErrors for each array of θ, relative error of the contribution against differences of the objective through
 *     adaptation
 * @param frozen the same with adaptation held fixed; empty for a method that does not adapt θ itself
 * @param residual of the linear system that the method solves, relative; empty for a method without one
 */
public record OrderFinding(
        double queryLoss, Map<String, Double> exactErrors, Optional<Frozen> frozen, OptionalDouble residual) {

    /**
     * What is found when what adaptation added to θ is held fixed.
     *
     * @param errors for each array of θ, relative error of the contribution against differences of the query loss
     * @param gap length of (contribution - query gradient at the adapted parameters) over the latter's length
     */
    public record Frozen(Map<String, Double> errors, double gap) {
        /** The largest error. */
        public double error() {
            return Collections.max(errors.values());
        }
    }

    /** The largest error against differences through adaptation. */
    public double exactError() {
        return Collections.max(exactErrors.values());
    }

    /** Whether the first and the second order are the same here: no inner step, or one that moves nothing. */
    public boolean indistinct() {
        return exact() && first();
    }

    private boolean exact() {
        return exactError() < FiniteDifferences.TOLERANCE;
    }

    private boolean first() {
        return frozen.map(found -> found.error() < FiniteDifferences.TOLERANCE).orElse(false);
    }

    /** The order found; the second where both fit. */
    public Order order() {
        if (exact()) {
            return Order.SECOND;
        }
        return first() ? Order.FIRST : Order.NONE;
    }
}
