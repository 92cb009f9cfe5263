package dev.kindling.driver.check;

import java.util.Optional;

/**
 * The error of one array of a gradient against its reference.
 *
 * @param error relative; NaN if the comparison is inconclusive
 * @param inconclusiveReason why the comparison is inconclusive; empty if it is not
 */
public record ArrayError(double error, Optional<String> inconclusiveReason) {
    static ArrayError of(double error) {
        return new ArrayError(error, Optional.empty());
    }

    static ArrayError inconclusive(String reason) {
        return new ArrayError(Double.NaN, Optional.of(reason));
    }

    boolean conclusive() {
        return inconclusiveReason.isEmpty();
    }
}
