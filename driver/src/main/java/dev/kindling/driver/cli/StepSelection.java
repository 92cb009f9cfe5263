package dev.kindling.driver.cli;

import java.util.stream.IntStream;

/** Which counts of inner steps a table for a person shows: all of a few, and of many those that tell most. */
final class StepSelection {
    private static final int ALL = 21;

    private StepSelection() {}

    /** Those of 0, 1, ... below the given count. */
    static IntStream below(int count) {
        return IntStream.range(0, count).filter(step -> count <= ALL || isTelling(step, count - 1));
    }

    private static boolean isTelling(int step, int last) {
        return step <= 3 || step == 5 || step == last || (step % 10 == 0 && (step <= 50 || step % 50 == 0));
    }
}
