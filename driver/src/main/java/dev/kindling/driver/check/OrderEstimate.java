package dev.kindling.driver.check;

import java.util.Map;
import java.util.Optional;

/**
 * What the contribution of one task was found to be, held against the same task computed step by step.
 *
 * @param exactErrors for each array of θ that gradients move, against numerical derivatives of the objective through
 *     adaptation; empty where the contribution is meant to be no derivative
 * @param frozen against the query gradient at the adapted parameters; empty for a method that does not adapt θ itself
 */
public record OrderEstimate(Map<String, ArrayError> exactErrors, Optional<FirstOrderComparison> frozen) {
    /**
     * The contribution against the query gradient at the adapted parameters.
     *
     * @param errors for each array of θ, relative
     * @param gap length of their difference over the gradient's length
     */
    public record FirstOrderComparison(Map<String, Double> errors, double gap) {
        /** The largest error. */
        public double error() {
            return errors.values().stream()
                    .mapToDouble(Double::doubleValue)
                    .max()
                    .orElse(0);
        }
    }

    /** The largest error of those that could be told against derivatives through adaptation. */
    public double exactError() {
        return exactErrors.values().stream()
                .filter(ArrayError::conclusive)
                .mapToDouble(ArrayError::error)
                .max()
                .orElse(Double.NaN);
    }

    /** Why an array could not be compared with derivatives through adaptation; empty where all were. */
    public Optional<String> undecided() {
        return exactErrors.values().stream()
                .flatMap(error -> error.undecided().stream())
                .findFirst();
    }

    /** Whether the first and the second order are the same here: no inner step, or one that moves nothing. */
    public boolean indistinct() {
        return exact() && first();
    }

    /** Whether an array was found that is not the derivative through adaptation. */
    boolean refuted() {
        return exactErrors.isEmpty() || exactError() >= DirectionalDerivatives.TOLERANCE;
    }

    private boolean exact() {
        return !refuted() && undecided().isEmpty();
    }

    private boolean first() {
        return frozen.map(found -> found.error() < DirectionalDerivatives.TOLERANCE)
                .orElse(false);
    }

    /** The order found; the second where both fit. */
    public DerivativeOrder order() {
        if (exact()) {
            return DerivativeOrder.SECOND;
        }
        return first() ? DerivativeOrder.FIRST : DerivativeOrder.NONE;
    }
}
