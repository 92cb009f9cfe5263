package dev.kindling.driver.metrics;

import java.util.function.LongSupplier;

/**
 * How fast a run goes: tasks over wall time since the last reading, sampling and optimizer included, validation and
 * checkpoints left out. Not thread-safe.
 */
public final class Pace {
    /** A reading: seconds since the run began, and tasks per second since the reading before. */
    public record Reading(double seconds, double tasksPerSecond) {}

    private final LongSupplier nanoTime;
    private final long begin;
    private long mark;
    private long tasks;

    /**
     * A clock that begins now.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    public Pace(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.begin = nanoTime.getAsLong();
        this.mark = begin;
    }

    /** Counts the tasks of a round, failed ones included. */
    public void count(int roundTasks) {
        tasks += roundTasks;
    }

    /** Runs what is not training; its time does not count against the pace. */
    public void pause(Runnable aside) {
        long before = nanoTime.getAsLong();
        try {
            aside.run();
        } finally {
            mark += nanoTime.getAsLong() - before;
        }
    }

    /** Reads the pace and begins anew. */
    public Reading read() {
        long now = nanoTime.getAsLong();
        double perSecond = now > mark ? tasks * 1e9 / (now - mark) : 0;
        mark = now;
        tasks = 0;
        return new Reading((now - begin) / 1e9, perSecond);
    }
}
