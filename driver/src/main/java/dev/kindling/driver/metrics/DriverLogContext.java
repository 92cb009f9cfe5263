package dev.kindling.driver.metrics;

import dev.kindling.job.protocol.FailedTask;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * A run's lines in the driver's log, through SLF4J. While it is open, whatever the thread that opened it logs, Spark
 * included, has {@code run} in its context (the MDC), and {@code round}: how many rounds are done, which is also the
 * number of the round under way, as task specs have it.
 */
public final class DriverLogContext implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DriverLogContext.class);
    private static final String RUN = "run";
    private static final String ROUND = "round";
    /** The exit code of a run that may be resumed. */
    private static final int STOPPED = 6;

    private DriverLogContext() {}

    /**
     * Begins the lines of a run on the calling thread.
     *
     * @param run its name
     */
    public static DriverLogContext of(String run) {
        MDC.put(RUN, run);
        MDC.put(ROUND, "0");
        return new DriverLogContext();
    }

    /** The run begins, or goes on after the rounds that are done, in its folder. */
    public void started(String folder, long done, long rounds) {
        MDC.put(ROUND, Long.toString(done));
        if (done == 0) {
            LOG.info("the run starts, {} rounds, in {}", rounds, folder);
        } else {
            LOG.info("the run is resumed after {} of {} rounds, in {}", done, rounds, folder);
        }
    }

    /** A round is done, with the tasks that were left out of it. */
    public static void round(long done, List<FailedTask> failed) {
        failed.forEach(task -> LOG.warn("left out {}", task));
        MDC.put(ROUND, Long.toString(done));
    }

    /** The same work for another thread, whose lines then have the context of this one's. */
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

    /** A checkpoint is on disk. */
    public static void checkpoint(long round, String place) {
        LOG.info("the checkpoint after round {} is written, {}", round, place);
    }

    /** The run has ended: well, early with a checkpoint, or not well. */
    public static void ended(int exitCode, String sentence) {
        switch (exitCode) {
            case 0 -> LOG.info("the run ends: {}", sentence);
            case STOPPED -> LOG.warn("the run stops with code {}: {}", exitCode, sentence);
            default -> LOG.error("the run fails with code {}: {}", exitCode, sentence);
        }
    }

    /** Something could not be closed after all that the run is for was done. */
    public static void notClosed(Exception failure) {
        LOG.warn("the run has its result; closing what computed it failed", failure);
    }

    @Override
    public void close() {
        MDC.remove(RUN);
        MDC.remove(ROUND);
    }
}
