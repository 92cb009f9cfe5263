package dev.kindling.driver.cli;

import java.util.stream.IntStream;

/** Selects the numbers of inner steps that a table shows: all if there are few, otherwise fewer as they increase. */
final class StepSelection {
    private static final int ALL = 21;

    private StepSelection() {}

    /** The selected numbers from 0 to {@code count - 1}. */
    static IntStream below(int count) {
        return IntStream.range(0, count).filter(step -> count <= ALL || isShown(step, count - 1));
    }

    private static boolean isShown(int step, int last) {
        return step <= 3 || step == 5 || step == last || (step % 10 == 0 && (step <= 50 || step % 50 == 0));
    }
}
