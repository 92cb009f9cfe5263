package dev.kindling.driver.cluster.spark;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.jspecify.annotations.Nullable;

/** Tells a run's {@link WorkerCredentials} which executor Spark gives each worker job. Runs on a thread of Spark. */
final class WorkerTaskListener extends SparkListener {
    /** The local property of a Spark job that says which worker job of which run it is. */
    static final String JOB_PROPERTY = "kindling.worker-job";

    /** A queue of its own in Spark's listener bus: a slow listener of the user's does not hold up executors. */
    private static final String QUEUE = "kindling-workers";

    private final String prefix;
    private final WorkerCredentials credentials;
    private final Map<Integer, Long> tickets = new HashMap<>();

    private WorkerTaskListener(String run, WorkerCredentials credentials) {
        this.prefix = jobName(run, "");
        this.credentials = credentials;
    }

    /** Begins to listen; before the first worker job is submitted. */
    static WorkerTaskListener on(SparkContext context, String run, WorkerCredentials credentials) {
        WorkerTaskListener listener = new WorkerTaskListener(run, credentials);
        context.listenerBus().addToQueue(listener, QUEUE);
        return listener;
    }

    /** The value of {@link #JOB_PROPERTY} for a worker job. */
    static String jobName(String run, long ticket) {
        return jobName(run, Long.toString(ticket));
    }

    private static String jobName(String run, String ticket) {
        return run + "#" + ticket;
    }

    @Override
    public void onStageSubmitted(SparkListenerStageSubmitted event) {
        ticket(event.properties())
                .ifPresent(ticket -> tickets.put(event.stageInfo().stageId(), ticket));
    }

    private Optional<Long> ticket(@Nullable Properties properties) {
        return Optional.ofNullable(properties)
                .map(known -> known.getProperty(JOB_PROPERTY))
                .filter(job -> job.startsWith(prefix))
                .map(job -> Long.parseLong(job.substring(prefix.length())));
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart event) {
        Long ticket = tickets.get(event.stageId());
        if (ticket != null) {
            credentials.begun(
                    event.taskInfo().taskId(),
                    new WorkerCredentials.Attempt(
                            ticket,
                            event.taskInfo().executorId(),
                            event.taskInfo().host()));
        }
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd event) {
        credentials.ended(event.taskInfo().taskId());
    }

    @Override
    public void onStageCompleted(SparkListenerStageCompleted event) {
        Long ticket = tickets.remove(event.stageInfo().stageId());
        if (ticket != null) {
            credentials.revoke(ticket);
        }
    }
}
