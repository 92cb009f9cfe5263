package dev.kindling.driver.cluster.spark;

import dev.kindling.job.executor.WorkerTask;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.function.LongFunction;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps exactly one worker job of a run pending in Spark: when it starts, the next one is submitted, up to a limit. So every
 * executor that Spark adds or replaces is given a worker without further action. A worker job that ends while the run goes on
 * is replaced. Thread-safe.
 */
final class WorkerJobLauncher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerJobLauncher.class);
    private static final long CHECK_MILLIS = 200;
    /** A worker job that has run for this long resets the count of failures. */
    private static final long STABLE_AFTER = Duration.ofSeconds(10).toNanos();

    private static final long MAX_PAUSE = Duration.ofSeconds(5).toNanos();
    /** Time for jobs to end by themselves at the end of the run. */
    private static final long SHUTDOWN_TIMEOUT = Duration.ofSeconds(5).toNanos();

    private final JavaSparkContext context;
    private final String run;
    private final String title;
    private final int limit;
    private final ExecutorResourceProfile profile;
    private final LongFunction<WorkerTask> tasks;
    private final Map<Long, JavaFutureAction<Void>> jobs = new LinkedHashMap<>();
    private final Map<Long, Long> startedAt = new HashMap<>();
    private final Thread thread;
    private long lastId;
    /** Id of the pending worker job, or 0. */
    private long pending;

    private int failures;
    private long pauseUntil;
    private String lastFailure = "";
    private boolean closed;

    /**
     * Starts to submit worker jobs.
     *
     * @param run name of the run within the application
     * @param title of the jobs in Spark's pages
     * @param limit maximum number of worker jobs, or 0 for as many as Spark grants
     * @param profile the executors that they run on
     * @param workerTasks creates the function of the worker job with the given id
     */
    WorkerJobLauncher(
            JavaSparkContext context,
            String run,
            String title,
            int limit,
            ExecutorResourceProfile profile,
            LongFunction<WorkerTask> workerTasks) {
        this.context = context;
        this.run = run;
        this.title = title;
        this.limit = limit == 0 ? Integer.MAX_VALUE : limit;
        this.profile = profile;
        this.tasks = workerTasks;
        this.thread = new Thread(this::maintain, "kindling-worker-jobs");
        thread.setDaemon(true);
        thread.start();
    }

    /** Records that a worker job has started. */
    synchronized void started(long workerJobId) {
        startedAt.put(workerJobId, System.nanoTime());
        if (workerJobId == pending) {
            pending = 0;
            notifyAll();
        }
    }

    /** Why worker jobs fail, in one clause; empty if they do not. */
    synchronized Optional<String> lastFailure() {
        return failures == 0 ? Optional.empty() : Optional.of(lastFailure);
    }

    private synchronized void maintain() {
        try {
            while (!closed) {
                removeEnded();
                if (pending == 0 && jobs.size() < limit && System.nanoTime() >= pauseUntil) {
                    submit();
                }
                wait(CHECK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException e) {
            // The context was stopped; the current round ends when there is no executor.
            lastFailure = SparkErrors.first(e);
            failures++;
        }
    }

    private void submit() {
        long workerJobId = ++lastId;
        pending = workerJobId;
        WorkerTask workerTask = tasks.apply(workerJobId);
        context.sc().setJobDescription(title + ", worker " + workerJobId);
        context.setLocalProperty(WorkerTaskListener.JOB_PROPERTY, WorkerTaskListener.jobName(run, workerJobId));
        jobs.put(
                workerJobId,
                profile.on(context.parallelize(List.of(workerTask), 1)).foreachAsync(WorkerTask::execute));
    }

    private void removeEnded() {
        Iterator<Map.Entry<Long, JavaFutureAction<Void>>> each = jobs.entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry<Long, JavaFutureAction<Void>> job = each.next();
            if (job.getValue().isDone()) {
                each.remove();
                ended(job.getKey(), job.getValue());
            }
        }
    }

    private void ended(long workerJobId, JavaFutureAction<Void> job) {
        if (workerJobId == pending) {
            pending = 0;
        }
        Long since = startedAt.remove(workerJobId);
        if (since != null && System.nanoTime() - since > STABLE_AFTER) {
            failures = 0;
        }
        try {
            job.get();
            failed(workerJobId, "the worker returned at once");
        } catch (ExecutionException e) {
            failed(workerJobId, SparkErrors.first(e.getCause() == null ? e : e.getCause()));
        } catch (CancellationException | InterruptedException e) {
            LOG.debug("worker job {} was cancelled", workerJobId, e);
        }
    }

    /** Records a worker job that has ended although the run goes on; the next one follows after a growing pause. */
    private void failed(long workerJobId, String why) {
        LOG.warn("worker job {} ended: {}", workerJobId, why);
        lastFailure = why;
        failures++;
        long pause = Duration.ofMillis(100L << Math.min(failures, 6)).toNanos();
        pauseUntil = System.nanoTime() + Math.min(MAX_PAUSE, pause);
    }

    /** Cancels the pending job, waits a while for the others to end, and cancels those that do not. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
        cancel(pending);
        long until = System.nanoTime() + SHUTDOWN_TIMEOUT;
        try {
            while (jobs.values().stream().anyMatch(job -> !job.isDone()) && System.nanoTime() < until) {
                wait(10);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        List.copyOf(jobs.keySet()).forEach(this::cancel);
    }

    private void cancel(long workerJobId) {
        JavaFutureAction<Void> job = jobs.get(workerJobId);
        if (job != null && !job.isDone() && !context.sc().isStopped()) {
            job.cancel(true);
        }
    }
}
