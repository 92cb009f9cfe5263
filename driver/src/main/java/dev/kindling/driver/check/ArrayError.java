package dev.kindling.driver.check;

import java.util.Optional;

/**
 * How far one array of a gradient is from what it is held against.
 *
 * @param error relative; NaN where it could not be told
 * @param undecided why it could not be told
 */
public record ArrayError(double error, Optional<String> undecided) {
    static ArrayError of(double error) {
        return new ArrayError(error, Optional.empty());
    }

    static ArrayError inconclusive(String why) {
        return new ArrayError(Double.NaN, Optional.of(why));
    }

    boolean conclusive() {
        return undecided.isEmpty();
    }
}
