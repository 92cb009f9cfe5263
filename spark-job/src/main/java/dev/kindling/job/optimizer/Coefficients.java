package dev.kindling.job.optimizer;

/**
 * The coefficients of an update rule; those that the rule does not use have no effect.
 *
 * @param momentum μ
 * @param beta1 β₁
 * @param beta2 β₂
 * @param epsilon ε
 */
public record Coefficients(double momentum, double beta1, double beta2, double epsilon) {
    /** The value of a coefficient. */
    public double get(Coefficient coefficient) {
        return switch (coefficient) {
            case MOMENTUM -> momentum;
            case BETA1 -> beta1;
            case BETA2 -> beta2;
            case EPSILON -> epsilon;
        };
    }

    /** A copy with another value of one coefficient. */
    public Coefficients with(Coefficient coefficient, double value) {
        return switch (coefficient) {
            case MOMENTUM -> new Coefficients(value, beta1, beta2, epsilon);
            case BETA1 -> new Coefficients(momentum, value, beta2, epsilon);
            case BETA2 -> new Coefficients(momentum, beta1, value, epsilon);
            case EPSILON -> new Coefficients(momentum, beta1, beta2, value);
        };
    }
}
