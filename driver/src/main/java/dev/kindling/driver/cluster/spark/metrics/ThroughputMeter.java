package dev.kindling.driver.cluster.spark.metrics;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How many events a second there were lately: over the last window that is complete, or since then where nothing has come
 * for longer than that. Reading changes nothing, so any number of readers see the same. Thread-safe.
 */
final class ThroughputMeter {
    /** A window is complete with the first event after so long; slow rounds make longer windows. */
    private static final long WINDOW = Duration.ofSeconds(2).toNanos();

    private static final int PATIENCE = 2;

    private final LongSupplier nanoTime;
    private long begun;
    private long counted;
    private long completeNanos;
    private double completeRate;

    /**
     * A rate that begins now.
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
        boolean fresh = completeNanos > 0 && since <= PATIENCE * Math.max(WINDOW, completeNanos);
        return fresh ? completeRate : perSecond(counted, since);
    }

    private static double perSecond(long events, long nanos) {
        return nanos == 0 ? 0 : events * 1e9 / nanos;
    }
}
