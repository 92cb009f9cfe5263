package dev.kindling.driver.cluster;

import java.util.Arrays;

/**
 * The worker and the duration of each task of a round. The arrays must not be written to.
 *
 * @param nanos nanoseconds of each task in task order: making its episode and running its program
 * @param workers names of the workers, in task order
 */
public record TaskTimings(long[] nanos, String[] workers) {
    /** The timings of a round without per-task outputs. */
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
