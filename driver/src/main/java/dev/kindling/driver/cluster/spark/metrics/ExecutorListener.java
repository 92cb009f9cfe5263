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

/** Counts the executors that are there, and logs those that come and go and Spark tasks that fail. Runs on Spark's thread. */
final class ExecutorListener extends SparkListener {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorListener.class);
    /** Words of Spark for executors that it let go itself. */
    private static final String ON_PURPOSE = "(?i).*(killed by driver|decommission|idle).*";

    private final String run;
    private final RoundGauges gauges;
    private final Set<String> present = ConcurrentHashMap.newKeySet();

    /**
     * A watch that has seen nobody yet.
     *
     * @param run the name of the run that lines belong to
     */
    ExecutorListener(String run, RoundGauges gauges) {
        this.run = run;
        this.gauges = gauges;
    }

    /** How many executors there are; the driver itself counts in local mode. */
    int executors() {
        return present.size();
    }

    @Override
    public void onExecutorAdded(SparkListenerExecutorAdded event) {
        present.add(event.executorId());
        within(
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
        within(event.executorId(), () -> {
            if (reason.matches(ON_PURPOSE)) {
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
            within(
                    executor,
                    () -> LOG.warn(
                            "Spark task {} failed on executor {}: {}",
                            event.taskInfo().id(),
                            executor,
                            firstLine(failure.toErrorString())));
        }
    }

    private void within(String executor, Runnable line) {
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
