package dev.kindling.driver.loop;

import dev.kindling.job.tensor.Storage;

/**
 * The best θ by validation.
 *
 * @param validation that found it
 * @param theta a copy, never written to
 * @param waited how many validations since then were no better
 */
public record Best(Validation validation, Storage theta, int waited) {
    /** What is the best after one more validation. */
    Best or(Validation next, Storage current) {
        return next.isBetterThan(validation)
                ? new Best(next, current.copy(), 0)
                : new Best(validation, theta, waited + 1);
    }
}
