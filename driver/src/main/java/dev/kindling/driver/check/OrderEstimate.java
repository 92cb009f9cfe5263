package dev.kindling.driver.check;

import java.util.Map;
import java.util.Optional;

/**
 * The measured derivative order of one task's contribution, by comparison with the same task computed step by step.
 *
 * @param exactErrors for each trained array of θ, the error against numerical derivatives of the objective through
 *     adaptation; empty if the contribution is not meant to be a derivative
 * @param firstOrder the comparison with the query gradient at the adapted parameters; empty for a method that does not adapt θ
 *     itself
 */
public record OrderEstimate(Map<String, ArrayError> exactErrors, Optional<FirstOrderComparison> firstOrder) {
    /**
     * The comparison of the contribution with the query gradient at the adapted parameters.
     *
     * @param errors relative error for each array of θ
     * @param gap norm of the difference over the norm of the gradient
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

    /** The largest conclusive error against derivatives through adaptation. */
    public double exactError() {
        return exactErrors.values().stream()
                .filter(ArrayError::conclusive)
                .mapToDouble(ArrayError::error)
                .max()
                .orElse(Double.NaN);
    }

    /** Why the comparison of an array was inconclusive; empty if all were conclusive. */
    public Optional<String> inconclusiveReason() {
        return exactErrors.values().stream()
                .flatMap(error -> error.inconclusiveReason().stream())
                .findFirst();
    }

    /** Whether first and second order coincide: no inner step, or one that changes nothing. */
    public boolean indistinct() {
        return exact() && first();
    }

    /** Whether some array is not the derivative through adaptation. */
    boolean refuted() {
        return exactErrors.isEmpty() || exactError() >= DirectionalDerivatives.TOLERANCE;
    }

    private boolean exact() {
        return !refuted() && inconclusiveReason().isEmpty();
    }

    private boolean first() {
        return firstOrder
                .map(found -> found.error() < DirectionalDerivatives.TOLERANCE)
                .orElse(false);
    }

    /** The measured order; the second if both fit. */
    public DerivativeOrder order() {
        if (exact()) {
            return DerivativeOrder.SECOND;
        }
        return first() ? DerivativeOrder.FIRST : DerivativeOrder.NONE;
    }
}
