package dev.kindling.job.algorithm;

/**
 * How a task adapts: what is configured as {@code algorithm.inner-rate} and {@code algorithm.inner-steps}.
 *
 * @param rate α, the step size of gradient descent on the support loss, greater than 0
 * @param steps steps of training, at least 1
 */
public record InnerSettings(double rate, int steps) {
    /**
     * Validates the settings.
     *
     * @throws IllegalArgumentException naming the key, its value and what is allowed
     */
    public InnerSettings {
        if (!(rate > 0) || Double.isInfinite(rate)) {
            throw new IllegalArgumentException(
                    "algorithm.inner-rate is " + rate + "; it must be a finite number above 0");
        }
        if (steps < 1) {
            throw new IllegalArgumentException("algorithm.inner-steps is " + steps + "; it must be at least 1");
        }
    }
}
