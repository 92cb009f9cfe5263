package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterException;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.OutlierDetector;
import dev.kindling.driver.cluster.Request;
import dev.kindling.driver.cluster.Round;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.cluster.RoundTimes;
import dev.kindling.driver.cluster.Solitude;
import dev.kindling.job.executor.Parcel;
import dev.kindling.job.executor.Worker;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Answer;
import dev.kindling.job.wire.Failure;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.Wire;
import dev.kindling.job.wire.WireException;
import dev.kindling.job.wire.WorkReply;
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
final class JobsCluster implements Cluster {
    /** Above this a broadcast, which an executor fetches once, is cheaper than bytes in every Spark task. */
    private static final int LARGEST_CARRIED = 64 * 1024;

    private static final long POLL_SECONDS = 1;
    /** Executor, attempt and device of a worker, as {@link Worker} names those that have a GPU. */
    private static final Pattern ON_GPU = Pattern.compile("(.*)\\.[0-9]+ on (GPU .*)");

    private static final Logger LOG = LoggerFactory.getLogger(JobsCluster.class);
    private static final AtomicLong CLUSTERS = new AtomicLong();

    private final JavaSparkContext context;
    private final Job job;
    private final ClusterSettings settings;
    private final RoundsProfile profile;
    private final String name;
    private final String jobHash;
    private final Broadcast<byte[]> jobBytes;
    private final Set<String> told = new HashSet<>();
    private final OutlierDetector outliers = new OutlierDetector(System::nanoTime);
    private long version;

    JobsCluster(JavaSparkContext context, Job job, ClusterSettings settings, RoundsProfile profile) {
        this.context = context;
        this.job = job;
        this.settings = settings;
        this.profile = profile;
        this.name = context.sc().applicationId() + "/" + CLUSTERS.incrementAndGet();
        byte[] bytes = Wire.encodeJob(job);
        this.jobHash = DigestUtils.sha256Hex(bytes);
        this.jobBytes = context.broadcast(bytes);
    }

    @Override
    public RoundResult run(Request request, Storage shared, Ahead ahead) {
        try {
            outliers.beginRound();
            long begin = System.nanoTime();
            Round round = new Round(job, request, ++version, Collections.nCopies(workers(), 1));
            List<byte[]> orders = round.orders().stream().map(Wire::encodeOrder).toList();
            byte[] vector = Wire.encodeShared(new SharedVector(version, shared));
            long encoded = System.nanoTime();
            List<byte[]> answers = answers(request, orders, vector);
            long answered = System.nanoTime();
            List<WorkReply> replies = answers.stream()
                    .map(Wire::decodeAnswer)
                    .map(JobsCluster::reply)
                    .toList();
            long decoded = System.nanoTime();
            replies.forEach(this::tellDevice);
            replies.forEach(reply -> accept(round, reply));
            RoundTimes times =
                    RoundTimes.of(slowest(replies), System.nanoTime() - decoded, encoded - begin + decoded - answered);
            return round.result(bytes(orders) + vector.length, bytes(answers), times)
                    .noticing(outliers.endRound(request));
        } catch (ClusterException e) {
            throw e;
        } catch (IllegalStateException | WireException e) {
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
    private void accept(Round round, WorkReply reply) {
        if (!context.isLocal()) {
            outliers.add(() -> sender(reply), OutlierDetector.size(reply.nodes()));
        }
        round.accept(reply);
    }

    private String sender(WorkReply reply) {
        String executor = reply.worker().replaceFirst("[.].*", "");
        String tasks = ", for tasks from " + reply.firstTask() + " on,";
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

    private List<byte[]> answers(Request request, List<byte[]> orders, byte[] vector) {
        if (vector.length <= LARGEST_CARRIED) {
            return answers(request, orders, new Parcel.Carried(vector));
        }
        Broadcast<byte[]> broadcast = context.broadcast(vector);
        try {
            return answers(request, orders, new Parcel.Broadcasted(broadcast));
        } finally {
            forget(broadcast);
        }
    }

    private List<byte[]> answers(Request request, List<byte[]> orders, Parcel vector) {
        Worker worker = new Worker(name, jobHash, new Parcel.Broadcasted(jobBytes), vector);
        context.sc().setJobDescription(request.toString());
        return await(
                request,
                profile.on(context.parallelize(orders, orders.size()).map(worker::answer))
                        .collectAsync());
    }

    private List<byte[]> await(Request request, JavaFutureAction<List<byte[]>> answers) {
        Solitude solitude = new Solitude(settings.patience(), System::nanoTime);
        while (true) {
            try {
                return answers.get(POLL_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                requireWorker(request, answers, solitude);
            } catch (ExecutionException e) {
                throw failed(request, e.getCause() == null ? e : e.getCause());
            } catch (InterruptedException e) {
                answers.cancel(true);
                Thread.currentThread().interrupt();
                throw new ClusterException(request + " was interrupted", e);
            }
        }
    }

    private void requireWorker(Request request, JavaFutureAction<List<byte[]>> answers, Solitude solitude) {
        if (someWorker()) {
            solitude.end();
            return;
        }
        try {
            solitude.require(request, Optional.empty());
        } catch (ClusterException e) {
            answers.cancel(true);
            throw e;
        }
    }

    /** In local mode the driver is the worker; elsewhere it is in Spark's list but does not count. */
    private boolean someWorker() {
        return context.isLocal() || context.sc().statusTracker().getExecutorInfos().length > 1;
    }

    private static ClusterException failed(Request request, Throwable cause) {
        return new ClusterException("Spark could not complete " + request + ": " + Sentences.first(cause), cause);
    }

    /** Says once of each GPU of an executor that it computes. */
    private void tellDevice(WorkReply reply) {
        Matcher worker = ON_GPU.matcher(reply.worker());
        if (worker.matches() && told.add(worker.group(1) + worker.group(2))) {
            LOG.info("executor {} computes on {}", worker.group(1), worker.group(2));
        }
    }

    private static WorkReply.Nanos slowest(List<WorkReply> replies) {
        return replies.stream()
                .map(WorkReply::nanos)
                .max(Comparator.comparingLong(WorkReply.Nanos::elapsed))
                .orElseThrow();
    }

    private static WorkReply reply(Answer answer) {
        if (answer instanceof Failure failure) {
            throw failure.exception();
        }
        return (WorkReply) answer;
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
