package dev.kindling.driver.check;

import java.util.Collections;
import java.util.Map;

/**
 * What finite differences say about the meta-gradient of one task.
 *
 * @param queryLoss of the task
 * @param exactErrors for each array of θ, relative error of the meta-gradient against differences of the query loss
 *     through adaptation
 * @param frozenErrors the same against differences of the query loss with what adaptation added to θ held fixed
 * @param firstOrderGap length of (meta-gradient - query gradient at the adapted parameters) over the latter's length
 */
public record OrderFinding(
        double queryLoss, Map<String, Double> exactErrors, Map<String, Double> frozenErrors, double firstOrderGap) {

    /** The largest error against differences through adaptation. */
    public double exactError() {
        return Collections.max(exactErrors.values());
    }

    /** The largest error against differences with adaptation held fixed. */
    public double frozenError() {
        return Collections.max(frozenErrors.values());
    }

    /** Whether the first and the second order are the same here: no inner step, or one that moves nothing. */
    public boolean indistinct() {
        return exact() && frozen();
    }

    private boolean exact() {
        return exactError() < FiniteDifferences.TOLERANCE;
    }

    private boolean frozen() {
        return frozenError() < FiniteDifferences.TOLERANCE;
    }

    /** The order found; the second where both fit. */
    public Order order() {
        if (exact()) {
            return Order.SECOND;
        }
        return frozen() ? Order.FIRST : Order.NONE;
    }
}
