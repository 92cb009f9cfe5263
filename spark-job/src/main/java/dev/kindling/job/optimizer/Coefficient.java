package dev.kindling.job.optimizer;

import java.util.Locale;

/** A coefficient of update rules. */
public enum Coefficient {
    /** μ, the decay rate of a velocity, from 0 to below 1. */
    MOMENTUM,
    /** β₁, the decay rate of a mean of gradients, from 0 to below 1. */
    BETA1,
    /** β₂, the decay rate of a mean of squares, from 0 to below 1. */
    BETA2,
    /** ε, which keeps a divisor from 0, above 0. */
    EPSILON;

    /** The last part of the configuration's key. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Validates a value.
     *
     * @param key of the setting, for the message
     * @throws IllegalArgumentException naming the key, its value and what is allowed
     */
    public void require(String key, double value) {
        if (this == EPSILON) {
            if (!(value > 0) || Double.isInfinite(value)) {
                throw new IllegalArgumentException(key + " is " + value + "; it must be a finite number above 0");
            }
        } else if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(key + " is " + value + "; it must be at least 0 and below 1");
        }
    }
}
