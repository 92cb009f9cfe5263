package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.ExecutorTimings;
import dev.kindling.driver.cluster.NoExecutorTimeout;
import dev.kindling.driver.cluster.OutlierDetector;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.cluster.RoundTracker;
import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.executor.RangeFunction;
import dev.kindling.job.executor.TaskPayload;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.RangeOutcome;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.protocol.codec.ProtocolException;
import dev.kindling.job.tensor.FlatVector;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code cluster.mode = jobs}: every round is one Spark job with a Spark task for each range. Spark deals a lost range
 * again.
 */
final class SparkJobCluster implements Cluster {
    /** Above this a broadcast, which an executor fetches once, is cheaper than bytes in every Spark task. */
    private static final int LARGEST_INLINE = 64 * 1024;

    private static final long POLL_SECONDS = 1;
    /** Executor, attempt and device of a worker, as {@link RangeFunction} names those that have a GPU. */
    private static final Pattern ON_GPU = Pattern.compile("(.*)\\.[0-9]+ on (GPU .*)");

    private static final Logger LOG = LoggerFactory.getLogger(SparkJobCluster.class);
    private static final AtomicLong CLUSTERS = new AtomicLong();

    private final JavaSparkContext context;
    private final Job job;
    private final ClusterSettings settings;
    private final ExecutorResourceProfile profile;
    private final String name;
    private final String jobHash;
    private final Broadcast<byte[]> jobBytes;
    private final Set<String> told = new HashSet<>();
    private final OutlierDetector outliers = new OutlierDetector(System::nanoTime);
    private long version;

    SparkJobCluster(JavaSparkContext context, Job job, ClusterSettings settings, ExecutorResourceProfile profile) {
        this.context = context;
        this.job = job;
        this.settings = settings;
        this.profile = profile;
        this.name = context.sc().applicationId() + "/" + CLUSTERS.incrementAndGet();
        byte[] bytes = MessageCodec.encodeJob(job);
        this.jobHash = DigestUtils.sha256Hex(bytes);
        this.jobBytes = context.broadcast(bytes);
    }

    @Override
    public RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher) {
        try {
            outliers.beginRound();
            long begin = System.nanoTime();
            RoundTracker tracker = new RoundTracker(job, request, ++version, Collections.nCopies(workers(), 1));
            List<byte[]> orders = tracker.requests().stream()
                    .map(MessageCodec::encodeRangeRequest)
                    .toList();
            byte[] vector = MessageCodec.encodeBroadcastVector(new BroadcastVector(version, shared));
            long encoded = System.nanoTime();
            List<byte[]> answers = answers(request, orders, vector);
            long answered = System.nanoTime();
            List<RangeResult> results = answers.stream()
                    .map(MessageCodec::decodeOutcome)
                    .map(SparkJobCluster::reply)
                    .toList();
            long decoded = System.nanoTime();
            results.forEach(this::tellDevice);
            results.forEach(result -> accept(tracker, result));
            ExecutorTimings times = ExecutorTimings.of(
                    slowest(results), System.nanoTime() - decoded, encoded - begin + decoded - answered);
            return tracker.result(bytes(orders) + vector.length, bytes(answers), times)
                    .noticing(outliers.endRound(request));
        } catch (ClusterException e) {
            throw e;
        } catch (IllegalStateException | ProtocolException e) {
            // The first is what a context says that was stopped under us, by its master for example.
            throw failed(request, e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            // Scala declares nothing: a broadcast that is interrupted says so in an exception that Java takes for
            // checked. Whether it has to wait at all is a matter of luck.
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw failed(request, e);
        }
    }

    /** Its size is looked at before the fold, which adds in place; the driver's own sums are not. */
    private void accept(RoundTracker tracker, RangeResult result) {
        if (!context.isLocal()) {
            outliers.add(() -> sender(result), OutlierDetector.size(result.sums()));
        }
        tracker.accept(result);
    }

    private String sender(RangeResult result) {
        String executor = result.worker().replaceFirst("[.].*", "");
        String tasks = ", for tasks from " + result.firstTask() + " on,";
        try {
            return "executor " + executor + " on "
                    + context.sc().statusStore().executorSummary(executor).hostPort() + tasks;
        } catch (NoSuchElementException e) {
            return "executor " + executor + tasks;
        }
    }

    private int workers() {
        return settings.workers() > 0
                ? settings.workers()
                : Math.max(1, context.sc().defaultParallelism());
    }

    private List<byte[]> answers(RoundRequest request, List<byte[]> orders, byte[] vector) {
        if (vector.length <= LARGEST_INLINE) {
            return answers(request, orders, new TaskPayload.Inline(vector));
        }
        Broadcast<byte[]> broadcast = context.broadcast(vector);
        try {
            return answers(request, orders, new TaskPayload.Broadcasted(broadcast));
        } finally {
            forget(broadcast);
        }
    }

    private List<byte[]> answers(RoundRequest request, List<byte[]> orders, TaskPayload vector) {
        RangeFunction function = new RangeFunction(name, jobHash, new TaskPayload.Broadcasted(jobBytes), vector);
        context.sc().setJobDescription(request.toString());
        return await(
                request,
                profile.on(context.parallelize(orders, orders.size()).map(function::answer))
                        .collectAsync());
    }

    private List<byte[]> await(RoundRequest request, JavaFutureAction<List<byte[]>> answers) {
        NoExecutorTimeout noExecutorTimeout = new NoExecutorTimeout(settings.executorTimeout(), System::nanoTime);
        while (true) {
            try {
                return answers.get(POLL_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                requireWorker(request, answers, noExecutorTimeout);
            } catch (ExecutionException e) {
                throw failed(request, e.getCause() == null ? e : e.getCause());
            } catch (InterruptedException e) {
                answers.cancel(true);
                Thread.currentThread().interrupt();
                throw new ClusterException(request + " was interrupted", e);
            }
        }
    }

    private void requireWorker(
            RoundRequest request, JavaFutureAction<List<byte[]>> answers, NoExecutorTimeout noExecutorTimeout) {
        if (someWorker()) {
            noExecutorTimeout.end();
            return;
        }
        try {
            noExecutorTimeout.require(request, Optional.empty());
        } catch (ClusterException e) {
            answers.cancel(true);
            throw e;
        }
    }

    /** In local mode the driver is the worker; elsewhere it is in Spark's list but does not count. */
    private boolean someWorker() {
        return context.isLocal() || context.sc().statusTracker().getExecutorInfos().length > 1;
    }

    private static ClusterException failed(RoundRequest request, Throwable cause) {
        return new ClusterException("Spark could not complete " + request + ": " + SparkErrors.first(cause), cause);
    }

    /** Says once of each GPU of an executor that it computes. */
    private void tellDevice(RangeResult result) {
        Matcher worker = ON_GPU.matcher(result.worker());
        if (worker.matches() && told.add(worker.group(1) + worker.group(2))) {
            LOG.info("executor {} computes on {}", worker.group(1), worker.group(2));
        }
    }

    private static RangeResult.Nanos slowest(List<RangeResult> results) {
        return results.stream()
                .map(RangeResult::nanos)
                .max(Comparator.comparingLong(RangeResult.Nanos::elapsed))
                .orElseThrow();
    }

    private static RangeResult reply(RangeOutcome outcome) {
        if (outcome instanceof Failure failure) {
            throw failure.exception();
        }
        return (RangeResult) outcome;
    }

    private static long bytes(List<byte[]> messages) {
        return messages.stream().mapToLong(message -> message.length).sum();
    }

    /** A context that is stopped has forgotten already, and would fail. */
    private void forget(Broadcast<byte[]> broadcast) {
        if (!context.sc().isStopped()) {
            // It waits for an answer, which an interrupt that came before would break off.
            boolean interrupted = Thread.interrupted();
            try {
                broadcast.destroy();
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    @Override
    public void close() {
        forget(jobBytes);
    }
}
