package dev.kindling.job.executor;

import dev.kindling.job.backend.Device;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.Job;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Adds {@code run}, {@code round} and {@code executor} to the logging context (SLF4J's MDC) of a Spark task's thread while it is
 * open, and logs an executor's events. Opened and closed by that thread.
 */
public final class ExecutorLogContext implements AutoCloseable {
    /** The local property of a Spark job that names the run it belongs to. */
    public static final String RUN_PROPERTY = "kindling.run";

    private static final Logger LOG = LoggerFactory.getLogger(ExecutorLogContext.class);
    private static final String ROUND = "round";
    private static final long NANOS_PER_MILLISECOND = 1_000_000;

    private final Map<String, String> before;

    private ExecutorLogContext(@Nullable Map<String, String> before) {
        this.before = before == null ? Map.of() : before;
    }

    /** Opens the context of the calling thread, on an executor. */
    public static ExecutorLogContext open() {
        ExecutorLogContext log = new ExecutorLogContext(MDC.getCopyOfContextMap());
        TaskContext task = TaskContext.get();
        String run = task == null ? null : task.getLocalProperty(RUN_PROPERTY);
        if (run != null) {
            MDC.put("run", run);
        }
        MDC.put("executor", SparkEnv.get().executorId());
        return log;
    }

    /** Sets the round, as its task specs number it. */
    public void round(long round) {
        MDC.put(ROUND, Long.toString(round));
    }

    /** Logs that this JVM has opened a job, and the time it took. */
    static void opened(Job job, long nanos) {
        LOG.info(
                "a job on {} tasks with the {} backend is open after {} ms",
                job.source().source(),
                job.backend(),
                nanos / NANOS_PER_MILLISECOND);
    }

    /** Logs that Spark tasks of this JVM compute on a device from now on. */
    static void computing(Job job, Device device) {
        LOG.info("the {} backend is given {}", job.backend(), device);
    }

    /** Logs the tasks that were left out of a sum; may be called by any thread. */
    static void failed(List<FailedTask> tasks) {
        String before = MDC.get(ROUND);
        for (FailedTask task : tasks) {
            MDC.put(ROUND, Long.toString(task.round()));
            LOG.warn("left out {}", task);
        }
        if (before != null) {
            MDC.put(ROUND, before);
        } else {
            MDC.remove(ROUND);
        }
    }

    /** Logs a failure that would happen on any executor. */
    public void refused(RuntimeException reason) {
        LOG.error("work refused: {}", reason.getMessage());
    }

    @Override
    public void close() {
        MDC.setContextMap(before);
    }
}
