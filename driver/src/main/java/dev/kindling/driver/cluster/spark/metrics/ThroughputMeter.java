package dev.kindling.driver.cluster.spark.metrics;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Measures the recent number of events per second: over the last complete window, or since its end if no event has arrived for
 * longer than that. Reading has no side effect. Thread-safe.
 */
final class ThroughputMeter {
    /** A window ends with the first event after this time; slow rounds make longer windows. */
    private static final long WINDOW = Duration.ofSeconds(2).toNanos();

    private static final int STALE_WINDOWS = 2;

    private final LongSupplier nanoTime;
    private long begun;
    private long counted;
    private long completeNanos;
    private double completeRate;

    /**
     * Begins the first window.
     *
     * @param nanoTime a clock, as {@link System#nanoTime}
     */
    ThroughputMeter(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.begun = nanoTime.getAsLong();
    }

    synchronized void count(long events) {
        counted += events;
        long now = nanoTime.getAsLong();
        if (now - begun >= WINDOW) {
            completeNanos = now - begun;
            completeRate = perSecond(counted, completeNanos);
            begun = now;
            counted = 0;
        }
    }

    synchronized double perSecond() {
        long since = nanoTime.getAsLong() - begun;
        boolean fresh = completeNanos > 0 && since <= STALE_WINDOWS * Math.max(WINDOW, completeNanos);
        return fresh ? completeRate : perSecond(counted, since);
    }

    private static double perSecond(long events, long nanos) {
        return nanos == 0 ? 0 : events * 1e9 / nanos;
    }
}
