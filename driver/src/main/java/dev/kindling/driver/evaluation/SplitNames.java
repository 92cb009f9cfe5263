package dev.kindling.driver.evaluation;

import dev.kindling.job.task.Split;
import java.util.Arrays;
import java.util.Optional;

/** The names of the splits in split files and in {@code evaluation.split}. */
public final class SplitNames {
    private SplitNames() {}

    /** {@code train}, {@code val} or {@code test}. */
    public static String name(Split split) {
        return switch (split) {
            case TRAIN -> "train";
            case VALIDATE -> "val";
            case TEST -> "test";
        };
    }

    /** The split of the given name; empty if there is none. */
    public static Optional<Split> named(String name) {
        return Arrays.stream(Split.values())
                .filter(split -> name(split).equals(name))
                .findFirst();
    }
}
