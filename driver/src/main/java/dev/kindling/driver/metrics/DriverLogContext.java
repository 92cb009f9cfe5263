package dev.kindling.driver.metrics;

import dev.kindling.job.protocol.FailedTask;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * The logging context of a run in the driver's log, through SLF4J. While it is open, every line that its thread logs,
 * including Spark's, has {@code run} and {@code round} in the MDC. {@code round} is the number of rounds done, which equals
 * the 0-based number of the current round, as in task specs.
 */
public final class DriverLogContext implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DriverLogContext.class);
    private static final String RUN = "run";
    private static final String ROUND = "round";
    /** The exit code of a run that stopped early and can be resumed. */
    private static final int STOPPED = 6;

    private DriverLogContext() {}

    /**
     * Opens the context of a run on the calling thread.
     *
     * @param run name of the run
     */
    public static DriverLogContext of(String run) {
        MDC.put(RUN, run);
        MDC.put(ROUND, "0");
        return new DriverLogContext();
    }

    /** Logs that the run starts, or that it is resumed after the rounds that are done. */
    public void started(String folder, long done, long rounds) {
        MDC.put(ROUND, Long.toString(done));
        if (done == 0) {
            LOG.info("the run starts, {} rounds, in {}", rounds, folder);
        } else {
            LOG.info("the run is resumed after {} of {} rounds, in {}", done, rounds, folder);
        }
    }

    /** Logs the tasks that were left out of a round, and sets {@code round} in the context. */
    public static void round(long done, List<FailedTask> failed) {
        failed.forEach(task -> LOG.warn("left out {}", task));
        MDC.put(ROUND, Long.toString(done));
    }

    /** Wraps work for another thread, so that its lines have the context of the calling thread. */
    public static Runnable carried(Runnable work) {
        Map<String, String> context = MDC.getCopyOfContextMap();
        return () -> {
            MDC.setContextMap(context == null ? Map.of() : context);
            try {
                work.run();
            } finally {
                MDC.clear();
            }
        };
    }

    /** Logs that a checkpoint is on disk. */
    public static void checkpoint(long round, String place) {
        LOG.info("the checkpoint after round {} is written, {}", round, place);
    }

    /** Logs the end of a run: at level INFO if it is done, WARN if it stopped early, ERROR if it failed. */
    public static void ended(int exitCode, String message) {
        switch (exitCode) {
            case 0 -> LOG.info("the run ends: {}", message);
            case STOPPED -> LOG.warn("the run stops with code {}: {}", exitCode, message);
            default -> LOG.error("the run fails with code {}: {}", exitCode, message);
        }
    }

    /** Logs a failure to close a resource after the run had its result. */
    public static void notClosed(Exception failure) {
        LOG.warn("the run has its result; closing what computed it failed", failure);
    }

    @Override
    public void close() {
        MDC.remove(RUN);
        MDC.remove(ROUND);
    }
}
