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
 * Keeps exactly one worker job of a run waiting for a slot: when it starts, the next one is submitted, up to a limit. So
 * an executor that Spark adds, or one in the place of a lost one, gets its worker without anybody listening for it. A
 * worker job that ends while the run goes on makes room for another. Thread-safe.
 */
final class WorkerJobLauncher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerJobLauncher.class);
    private static final long LOOK_MILLIS = 200;
    /** A worker job that has worked for so long was a good one. */
    private static final long STABLE_AFTER = Duration.ofSeconds(10).toNanos();

    private static final long LONGEST_PAUSE = Duration.ofSeconds(5).toNanos();
    /** How long jobs have to end by themselves when the run does. */
    private static final long SHUTDOWN_TIMEOUT = Duration.ofSeconds(5).toNanos();

    private final JavaSparkContext context;
    private final String run;
    private final String title;
    private final int limit;
    private final ExecutorResourceProfile profile;
    private final LongFunction<WorkerTask> tasks;
    private final Map<Long, JavaFutureAction<Void>> jobs = new LinkedHashMap<>();
    private final Map<Long, Long> begun = new HashMap<>();
    private final Thread thread;
    private long jobIds;
    private long waiting;
    private int failures;
    private long pauseUntil;
    private String lastFailure = "";
    private boolean closed;

    /**
     * Begins to submit worker jobs.
     *
     * @param run its name among those of the application
     * @param title of the jobs in Spark's pages
     * @param limit of worker jobs, or 0 for as many as Spark gives
     * @param profile the executors that they run on
     * @param workerTasks the work of the worker job with a given ticket
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
        this.thread = new Thread(this::maintain, "kindling-staffing");
        thread.setDaemon(true);
        thread.start();
    }

    /** Takes in that the worker job with the given ticket has started. */
    synchronized void started(long ticket) {
        begun.put(ticket, System.nanoTime());
        if (ticket == waiting) {
            waiting = 0;
            notifyAll();
        }
    }

    /** Why worker jobs fail, in one clause; empty where they do not. */
    synchronized Optional<String> lastFailure() {
        return failures == 0 ? Optional.empty() : Optional.of(lastFailure);
    }

    private synchronized void maintain() {
        try {
            while (!closed) {
                takeBackEnded();
                if (waiting == 0 && jobs.size() < limit && System.nanoTime() >= pauseUntil) {
                    submit();
                }
                wait(LOOK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException e) {
            // The context was stopped under us; the round under way ends for want of workers.
            lastFailure = SparkErrors.first(e);
            failures++;
        }
    }

    private void submit() {
        long ticket = ++jobIds;
        waiting = ticket;
        WorkerTask workerTask = tasks.apply(ticket);
        context.sc().setJobDescription(title + ", worker " + ticket);
        context.setLocalProperty(WorkerTaskListener.JOB_PROPERTY, WorkerTaskListener.jobName(run, ticket));
        jobs.put(ticket, profile.on(context.parallelize(List.of(workerTask), 1)).foreachAsync(WorkerTask::execute));
    }

    private void takeBackEnded() {
        Iterator<Map.Entry<Long, JavaFutureAction<Void>>> each = jobs.entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry<Long, JavaFutureAction<Void>> job = each.next();
            if (job.getValue().isDone()) {
                each.remove();
                ended(job.getKey(), job.getValue());
            }
        }
    }

    private void ended(long ticket, JavaFutureAction<Void> job) {
        if (ticket == waiting) {
            waiting = 0;
        }
        Long since = begun.remove(ticket);
        if (since != null && System.nanoTime() - since > STABLE_AFTER) {
            failures = 0;
        }
        try {
            job.get();
            failed(ticket, "a worker left at once");
        } catch (ExecutionException e) {
            failed(ticket, SparkErrors.first(e.getCause() == null ? e : e.getCause()));
        } catch (CancellationException | InterruptedException e) {
            LOG.debug("worker job {} was cancelled", ticket, e);
        }
    }

    /** A worker job has ended although the run goes on; another one follows after a pause, a longer one each time. */
    private void failed(long ticket, String why) {
        LOG.warn("worker job {} ended: {}", ticket, why);
        lastFailure = why;
        failures++;
        long pause = Duration.ofMillis(100L << Math.min(failures, 6)).toNanos();
        pauseUntil = System.nanoTime() + Math.min(LONGEST_PAUSE, pause);
    }

    /** Waits a moment for the jobs that run, and cancels those that wait or do not end. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
        cancel(waiting);
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

    private void cancel(long ticket) {
        JavaFutureAction<Void> job = jobs.get(ticket);
        if (job != null && !job.isDone() && !context.sc().isStopped()) {
            job.cancel(true);
        }
    }
}
