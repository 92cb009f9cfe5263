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
 * {@code cluster.mode = jobs}: runs every round as one Spark job with a Spark task for each range. Spark retries lost ranges.
 */
final class SparkJobCluster implements Cluster {
    /** Bytes above which a broadcast, which an executor fetches once, is cheaper than bytes in every Spark task. */
    private static final int LARGEST_INLINE = 64 * 1024;

    private static final long POLL_SECONDS = 1;
    /** Executor, attempt and device in the name that {@link RangeFunction} gives a worker with a GPU. */
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
    private final Set<String> loggedDevices = new HashSet<>();
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
            List<byte[]> requests = tracker.requests().stream()
                    .map(MessageCodec::encodeRangeRequest)
                    .toList();
            byte[] vector = MessageCodec.encodeBroadcastVector(new BroadcastVector(version, shared));
            long encoded = System.nanoTime();
            List<byte[]> outcomes = outcomes(request, requests, vector);
            long received = System.nanoTime();
            List<RangeResult> results = outcomes.stream()
                    .map(MessageCodec::decodeOutcome)
                    .map(SparkJobCluster::resultOf)
                    .toList();
            long decoded = System.nanoTime();
            results.forEach(this::logDevice);
            results.forEach(result -> accept(tracker, result));
            ExecutorTimings times = ExecutorTimings.of(
                    slowest(results), System.nanoTime() - decoded, encoded - begin + decoded - received);
            return tracker.result(bytes(requests) + vector.length, bytes(outcomes), times)
                    .noticing(outliers.endRound(request));
        } catch (ClusterException e) {
            throw e;
        } catch (IllegalStateException | ProtocolException e) {
            // IllegalStateException is thrown by a context that has been stopped, for example by its master.
            throw failed(request, e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            // An interrupted broadcast throws a checked exception that Scala does not declare, and only if it had to
            // wait.
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw failed(request, e);
        }
    }

    /** Measures a sum before it is reduced, which adds in place; in local mode sums are not checked for outliers. */
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

    private List<byte[]> outcomes(RoundRequest request, List<byte[]> requests, byte[] vector) {
        if (vector.length <= LARGEST_INLINE) {
            return outcomes(request, requests, new TaskPayload.Inline(vector));
        }
        Broadcast<byte[]> broadcast = context.broadcast(vector);
        try {
            return outcomes(request, requests, new TaskPayload.Broadcasted(broadcast));
        } finally {
            destroy(broadcast);
        }
    }

    private List<byte[]> outcomes(RoundRequest request, List<byte[]> requests, TaskPayload vector) {
        RangeFunction function = new RangeFunction(name, jobHash, new TaskPayload.Broadcasted(jobBytes), vector);
        context.sc().setJobDescription(request.toString());
        return await(
                request,
                profile.on(context.parallelize(requests, requests.size()).map(function::apply))
                        .collectAsync());
    }

    private List<byte[]> await(RoundRequest request, JavaFutureAction<List<byte[]>> outcomes) {
        NoExecutorTimeout noExecutorTimeout = new NoExecutorTimeout(settings.executorTimeout(), System::nanoTime);
        while (true) {
            try {
                return outcomes.get(POLL_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                requireWorker(request, outcomes, noExecutorTimeout);
            } catch (ExecutionException e) {
                throw failed(request, e.getCause() == null ? e : e.getCause());
            } catch (InterruptedException e) {
                outcomes.cancel(true);
                Thread.currentThread().interrupt();
                throw new ClusterException(request + " was interrupted", e);
            }
        }
    }

    private void requireWorker(
            RoundRequest request, JavaFutureAction<List<byte[]>> outcomes, NoExecutorTimeout noExecutorTimeout) {
        if (hasExecutor()) {
            noExecutorTimeout.reset();
            return;
        }
        try {
            noExecutorTimeout.require(request, Optional.empty());
        } catch (ClusterException e) {
            outcomes.cancel(true);
            throw e;
        }
    }

    /** Whether there is an executor: Spark's list contains the driver, which is one in local mode only. */
    private boolean hasExecutor() {
        return context.isLocal() || context.sc().statusTracker().getExecutorInfos().length > 1;
    }

    private static ClusterException failed(RoundRequest request, Throwable cause) {
        return new ClusterException("Spark could not complete " + request + ": " + SparkErrors.first(cause), cause);
    }

    /** Logs once for each GPU of an executor that it is used. */
    private void logDevice(RangeResult result) {
        Matcher worker = ON_GPU.matcher(result.worker());
        if (worker.matches() && loggedDevices.add(worker.group(1) + worker.group(2))) {
            LOG.info("executor {} computes on {}", worker.group(1), worker.group(2));
        }
    }

    private static RangeResult.Nanos slowest(List<RangeResult> results) {
        return results.stream()
                .map(RangeResult::nanos)
                .max(Comparator.comparingLong(RangeResult.Nanos::elapsed))
                .orElseThrow();
    }

    private static RangeResult resultOf(RangeOutcome outcome) {
        if (outcome instanceof Failure failure) {
            throw failure.exception();
        }
        return (RangeResult) outcome;
    }

    private static long bytes(List<byte[]> messages) {
        return messages.stream().mapToLong(message -> message.length).sum();
    }

    /** Destroys a broadcast, unless the context is stopped, which has discarded it and would throw. */
    private void destroy(Broadcast<byte[]> broadcast) {
        if (!context.sc().isStopped()) {
            // It waits for a response, which a pending interrupt would break off.
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
        destroy(jobBytes);
    }
}
