package dev.kindling.driver.metrics;

import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How fast a run goes: tasks over wall time since the last reading, sampling and optimizer included, validation and
 * checkpoints left out. Not thread-safe.
 */
public final class TrainingThroughput {
    /** A reading: seconds since the run began, and tasks per second since the reading before. */
    public record Reading(double seconds, double tasksPerSecond) {}

    private final LongSupplier nanoTime;
    private final double before;
    private final long begin;
    private long mark;
    private long tasks;

    /**
     * A clock that begins now.
     *
     * @param before seconds that the run has had in earlier starts
     * @param nanoTime as {@link System#nanoTime}
     */
    public TrainingThroughput(double before, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.before = before;
        this.begin = nanoTime.getAsLong();
        this.mark = begin;
    }

    /** Counts the tasks of a round, failed ones included. */
    public void count(int roundTasks) {
        tasks += roundTasks;
    }

    /** Runs what is not training; its time does not count against the pace. */
    public <T> T pause(Supplier<T> aside) {
        long start = nanoTime.getAsLong();
        try {
            return aside.get();
        } finally {
            mark += nanoTime.getAsLong() - start;
        }
    }

    /** Seconds since the run began, the times between its starts left out. */
    public double seconds() {
        return seconds(nanoTime.getAsLong());
    }

    private double seconds(long now) {
        return before + (now - begin) / 1e9;
    }

    /** Reads the pace and begins anew. */
    public Reading read() {
        long now = nanoTime.getAsLong();
        double perSecond = now > mark ? tasks * 1e9 / (now - mark) : 0;
        mark = now;
        tasks = 0;
        return new Reading(seconds(now), perSecond);
    }
}
