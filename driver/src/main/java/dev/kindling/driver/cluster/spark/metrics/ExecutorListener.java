package dev.kindling.driver.cluster.spark.metrics;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Counts executors, and logs executors that are added or removed and Spark tasks that fail. Called on Spark's thread. */
final class ExecutorListener extends SparkListener {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorListener.class);
    /** Matches Spark's reasons for executors that it has removed itself. */
    private static final String INTENDED = "(?i).*(killed by driver|decommission|idle).*";

    private final String run;
    private final RoundGauges gauges;
    private final Set<String> present = ConcurrentHashMap.newKeySet();

    /**
     * A listener without executors.
     *
     * @param run name of the run, for the logging context
     */
    ExecutorListener(String run, RoundGauges gauges) {
        this.run = run;
        this.gauges = gauges;
    }

    /** Number of executors; in local mode the driver is one. */
    int executors() {
        return present.size();
    }

    @Override
    public void onExecutorAdded(SparkListenerExecutorAdded event) {
        present.add(event.executorId());
        withContext(
                event.executorId(),
                () -> LOG.info(
                        "executor {} joined on {} with {} cores",
                        event.executorId(),
                        event.executorInfo().executorHost(),
                        event.executorInfo().totalCores()));
    }

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved event) {
        present.remove(event.executorId());
        String reason = firstLine(event.reason());
        withContext(event.executorId(), () -> {
            if (reason.matches(INTENDED)) {
                LOG.info("executor {} left: {}", event.executorId(), reason);
            } else {
                LOG.warn("executor {} is lost: {}", event.executorId(), reason);
            }
        });
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd event) {
        if (event.reason() instanceof TaskFailedReason failure) {
            String executor = event.taskInfo().executorId();
            withContext(
                    executor,
                    () -> LOG.warn(
                            "Spark task {} failed on executor {}: {}",
                            event.taskInfo().id(),
                            executor,
                            firstLine(failure.toErrorString())));
        }
    }

    private void withContext(String executor, Runnable line) {
        Map<String, String> before = MDC.getCopyOfContextMap();
        MDC.put("run", run);
        MDC.put("round", Long.toString(gauges.round()));
        MDC.put("executor", executor);
        try {
            line.run();
        } finally {
            MDC.setContextMap(before == null ? Map.of() : before);
        }
    }

    private static String firstLine(String text) {
        return text.strip().lines().findFirst().orElse("no reason given");
    }
}
