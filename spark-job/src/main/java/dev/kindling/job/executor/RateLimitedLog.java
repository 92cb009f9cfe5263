package dev.kindling.job.executor;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Writes warnings that others can cause at will: at most so many in a period, and then how many were left out. Thread-safe.
 */
public final class RateLimitedLog implements AutoCloseable {
    private static final int LINES = 20;
    private static final Duration PERIOD = Duration.ofMinutes(1);

    private final Logger log;
    private final int lines;
    private final Duration period;
    private final LongSupplier nanoTime;
    private long began;
    private int written;
    private long omitted;

    /** At most 20 lines a minute. */
    public RateLimitedLog(Logger log) {
        this(log, LINES, PERIOD, System::nanoTime);
    }

    /**
     * With other limits.
     *
     * @param nanoTime a clock, as {@link System#nanoTime}
     */
    public RateLimitedLog(Logger log, int lines, Duration period, LongSupplier nanoTime) {
        this.log = log;
        this.lines = lines;
        this.period = period;
        this.nanoTime = nanoTime;
        this.began = nanoTime.getAsLong();
    }

    /** Writes a warning; false if it was left out. */
    public synchronized boolean warn(String line) {
        long now = nanoTime.getAsLong();
        if (now - began > period.toNanos()) {
            close();
            began = now;
            written = 0;
        }
        if (written == lines) {
            omitted++;
            return false;
        }
        written++;
        log.warn(line);
        return true;
    }

    /** Says how many were left out and not yet counted in a line. */
    @Override
    public synchronized void close() {
        if (omitted > 0) {
            log.warn("{} more warnings of this kind were left out", omitted);
            omitted = 0;
        }
    }
}
