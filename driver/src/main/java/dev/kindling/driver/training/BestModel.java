package dev.kindling.driver.training;

import dev.kindling.job.tensor.FlatVector;

/**
 * The best θ by validation.
 *
 * @param validation that found it
 * @param theta a copy, never written to
 * @param waited how many validations since then were no better
 */
public record BestModel(Validation validation, FlatVector theta, int waited) {
    /** What is the best after one more validation. */
    BestModel or(Validation next, FlatVector current) {
        return next.isBetterThan(validation)
                ? new BestModel(next, current.copy(), 0)
                : new BestModel(validation, theta, waited + 1);
    }
}
