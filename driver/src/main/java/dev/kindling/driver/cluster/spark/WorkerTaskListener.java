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

/** Reports to a run's {@link WorkerCredentials} which executor runs each worker job. Called on a thread of Spark. */
final class WorkerTaskListener extends SparkListener {
    /** The local property of a Spark job that identifies run and worker job. */
    static final String JOB_PROPERTY = "kindling.worker-job";

    /** A separate queue of Spark's listener bus, so that a slow listener of the user does not delay executors. */
    private static final String QUEUE = "kindling-workers";

    private final String prefix;
    private final WorkerCredentials credentials;
    private final Map<Integer, Long> workerJobIds = new HashMap<>();

    private WorkerTaskListener(String run, WorkerCredentials credentials) {
        this.prefix = jobName(run, "");
        this.credentials = credentials;
    }

    /** Registers a listener; must be called before the first worker job is submitted. */
    static WorkerTaskListener on(SparkContext context, String run, WorkerCredentials credentials) {
        WorkerTaskListener listener = new WorkerTaskListener(run, credentials);
        context.listenerBus().addToQueue(listener, QUEUE);
        return listener;
    }

    /** The value of {@link #JOB_PROPERTY} for a worker job. */
    static String jobName(String run, long workerJobId) {
        return jobName(run, Long.toString(workerJobId));
    }

    private static String jobName(String run, String workerJobId) {
        return run + "#" + workerJobId;
    }

    @Override
    public void onStageSubmitted(SparkListenerStageSubmitted event) {
        workerJobId(event.properties())
                .ifPresent(workerJobId -> workerJobIds.put(event.stageInfo().stageId(), workerJobId));
    }

    private Optional<Long> workerJobId(@Nullable Properties properties) {
        return Optional.ofNullable(properties)
                .map(known -> known.getProperty(JOB_PROPERTY))
                .filter(job -> job.startsWith(prefix))
                .map(job -> Long.parseLong(job.substring(prefix.length())));
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart event) {
        Long workerJobId = workerJobIds.get(event.stageId());
        if (workerJobId != null) {
            credentials.begun(
                    event.taskInfo().taskId(),
                    new WorkerCredentials.Attempt(
                            workerJobId,
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
        Long workerJobId = workerJobIds.remove(event.stageInfo().stageId());
        if (workerJobId != null) {
            credentials.revoke(workerJobId);
        }
    }
}
