package dev.kindling.driver.evaluation;

import dev.kindling.job.task.Purpose;
import java.util.Arrays;
import java.util.Optional;

/** The names of the splits, as split files and {@code evaluation.split} write them. */
public final class Splits {
    private Splits() {}

    /** {@code train}, {@code val} or {@code test}. */
    public static String name(Purpose purpose) {
        return switch (purpose) {
            case TRAIN -> "train";
            case VALIDATE -> "val";
            case TEST -> "test";
        };
    }

    /** The purpose of the given name, if there is one. */
    public static Optional<Purpose> named(String name) {
        return Arrays.stream(Purpose.values())
                .filter(purpose -> name(purpose).equals(name))
                .findFirst();
    }
}
