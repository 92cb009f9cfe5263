package dev.kindling.driver.metrics;

import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Measures a run's throughput: tasks over wall time since the last reading, including sampling and the optimizer, without
 * validation and checkpoints. Not thread-safe.
 */
public final class TrainingThroughput {
    /** A reading: seconds since the run began, and tasks per second since the previous reading. */
    public record Reading(double seconds, double tasksPerSecond) {}

    private final LongSupplier nanoTime;
    private final double before;
    private final long begin;
    private long mark;
    private long tasks;

    /**
     * A measurement that begins now.
     *
     * @param before seconds of the run in its earlier starts
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

    /** Runs work that is not training; its time is excluded from the throughput. */
    public <T> T exclude(Supplier<T> work) {
        long start = nanoTime.getAsLong();
        try {
            return work.get();
        } finally {
            mark += nanoTime.getAsLong() - start;
        }
    }

    /** Seconds of the run, without the time between its starts. */
    public double seconds() {
        return seconds(nanoTime.getAsLong());
    }

    private double seconds(long now) {
        return before + (now - begin) / 1e9;
    }

    /** Returns a reading and starts the next interval. */
    public Reading read() {
        long now = nanoTime.getAsLong();
        double perSecond = now > mark ? tasks * 1e9 / (now - mark) : 0;
        mark = now;
        tasks = 0;
        return new Reading(seconds(now), perSecond);
    }
}
