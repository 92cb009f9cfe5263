package dev.kindling.job.executor;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Logs warnings that remote parties can cause: at most a number per period, then the count of those suppressed. Thread-safe.
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
     * At most the given number of lines in a period.
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

    /** Logs a warning; false if it was suppressed. */
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

    /** Logs the count of warnings suppressed since the last such line. */
    @Override
    public synchronized void close() {
        if (omitted > 0) {
            log.warn("{} more warnings of this kind were left out", omitted);
            omitted = 0;
        }
    }
}
