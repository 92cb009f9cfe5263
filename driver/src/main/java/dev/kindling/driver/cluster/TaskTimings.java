package dev.kindling.driver.cluster;

import java.util.Arrays;

/**
 * Which worker ran each task of a round, and how long that took. Immutable by convention: nobody writes to the arrays.
 *
 * @param nanos of each task in task order: its episode and its program
 * @param workers as replies name them, in task order
 */
public record TaskTimings(long[] nanos, String[] workers) {
    /** Of a round whose per-task outputs were not asked for. */
    public static final TaskTimings NONE = new TaskTimings(new long[0], new String[0]);

    @Override
    public boolean equals(Object other) {
        return other instanceof TaskTimings that
                && Arrays.equals(nanos, that.nanos)
                && Arrays.equals(workers, that.workers);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(workers);
    }
}
