package dev.kindling.job.optimizer;

import java.util.Locale;

/** A scalar of update rules that depends on the number of the step. */
public enum StepScalar {
    /** 1 - β₁ᵗ, the bias correction of the mean of gradients. */
    MEAN_CORRECTION,
    /** 1 - β₁ᵗ⁺¹. */
    NEXT_MEAN_CORRECTION,
    /** 1 - β₂ᵗ, the bias correction of the mean of squares. */
    SQUARE_CORRECTION,
    /**
     * rₜ of RAdam (Liu and others, ICLR 2020, algorithm 2), or 0 where ρₜ is below 5, that is, where too few squares have been
     * seen for their mean to be used.
     */
    RECTIFICATION;

    private static final double RECTIFIED_FROM = 5;

    /** The name of the scalar in programs. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The value of the scalar in one step.
     *
     * @param step t, the number of the step from 1 on
     */
    public double at(Coefficients coefficients, long step) {
        return switch (this) {
            case MEAN_CORRECTION -> 1 - StrictMath.pow(coefficients.beta1(), (double) step);
            case NEXT_MEAN_CORRECTION -> 1 - StrictMath.pow(coefficients.beta1(), step + 1.0);
            case SQUARE_CORRECTION -> 1 - StrictMath.pow(coefficients.beta2(), (double) step);
            case RECTIFICATION -> rectification(coefficients.beta2(), step);
        };
    }

    private static double rectification(double beta2, long step) {
        double last = 2 / (1 - beta2) - 1;
        double power = StrictMath.pow(beta2, (double) step);
        double length = last - 2 * step * power / (1 - power);
        return length < RECTIFIED_FROM
                ? 0
                : Math.sqrt((length - 4) * (length - 2) * last / ((last - 4) * (last - 2) * length));
    }
}
