package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.ExecutorEvents;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.PersistentWorkerCluster;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.executor.LocalWorkerRegistry;
import dev.kindling.job.executor.WorkerTask;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.runner.CompiledJob;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Opens clusters for {@code cluster.mode = persistent} on Spark: worker jobs whose Spark tasks run as long as the cluster is
 * open. In local mode their threads join the driver's worker pool; elsewhere their executors connect to the driver.
 */
final class PersistentWorkerClusterFactory {
    /** Bytes of a message in addition to the sums: names, reasons and the per-task outputs of an evaluation. */
    private static final long MESSAGE_OVERHEAD = 64L << 20;
    /** A range has at most two maximal partial sums on each level of the tree, and no tree has more than 31 levels. */
    private static final int MAX_PARTIAL_SUMS = 62;

    /** {@code false} prevents executors from connecting to each other. */
    static final String PEER_EXCHANGE = "spark.kindling.peerExchange.enabled";

    /** Begins the description of worker jobs in Spark's pages. */
    private static final String DESCRIPTION = "persistent";

    private static final AtomicLong RUNS = new AtomicLong();

    private PersistentWorkerClusterFactory() {}

    /** Opens a cluster for a job. */
    static Cluster open(JavaSparkContext context, Job job, ClusterSettings settings, ExecutorResourceProfile profile) {
        String run = context.sc().applicationId() + "/" + RUNS.incrementAndGet();
        return context.isLocal()
                ? local(context, job, settings, profile, run)
                : remote(context, job, settings, profile, run);
    }

    /** The driver's own thread is a worker, too: a round of 0.1 ms is shorter than the wake-up of another thread. */
    private static Cluster local(
            JavaSparkContext context, Job job, ClusterSettings settings, ExecutorResourceProfile profile, String run) {
        LocalCluster cluster = new LocalCluster(job, CompiledJob.open(job, context.hadoopConfiguration()));
        int slots = context.sc().defaultParallelism();
        int threads = settings.workers() == 0 ? slots : Math.min(settings.workers(), slots);
        if (threads == 1) {
            return cluster;
        }
        CompletableFuture<WorkerJobLauncher> launcher = new CompletableFuture<>();
        LocalWorkerRegistry.open(
                run,
                cluster.pool(),
                cluster::isOpen,
                workerJobId -> launcher.join().started(workerJobId));
        launcher.complete(new WorkerJobLauncher(
                context,
                run,
                DESCRIPTION,
                threads - 1,
                profile,
                workerJobId -> new WorkerTask.Local(run, workerJobId)));
        return withResources(cluster, launcher.join(), () -> LocalWorkerRegistry.close(run));
    }

    private static Cluster remote(
            JavaSparkContext context, Job job, ClusterSettings settings, ExecutorResourceProfile profile, String run) {
        ExecutorEvents events = new ExecutorEvents();
        CompletableFuture<WorkerJobLauncher> launcher = new CompletableFuture<>();
        SparkConf conf = context.getConf();
        WorkerCredentials credentials = new WorkerCredentials();
        Cluster cluster = new PersistentWorkerCluster(job, settings, events, System::nanoTime, () -> {
            requireContext(context);
            Optional<String> failure = launcher.join().lastFailure();
            if (failure.filter(SparkErrors.MISSING_CLASSES::equals).isPresent()) {
                throw new ClusterException(SparkErrors.MISSING_CLASSES);
            }
            return failure;
        });
        DriverEndpoint endpoint = new DriverEndpoint(
                conf,
                settings,
                credentials,
                largestMessage(job),
                events,
                workerJobId -> launcher.join().started(workerJobId));
        WorkerTaskListener listener = WorkerTaskListener.on(context.sc(), run, credentials);
        launcher.complete(new WorkerJobLauncher(
                context,
                run,
                DESCRIPTION,
                settings.workers(),
                profile,
                workerJobId -> new WorkerTask.Remote(
                        run,
                        workerJobId,
                        endpoint.host(),
                        endpoint.port(),
                        credentials.issue(workerJobId),
                        largestExchange(conf, job))));
        return withResources(cluster, launcher.join(), () -> {
            context.sc().removeSparkListener(listener);
            endpoint.close();
        });
    }

    private static void requireContext(JavaSparkContext context) {
        if (context.sc().isStopped()) {
            throw new ClusterException(SparkErrors.STOPPED);
        }
    }

    private static long largestMessage(Job job) {
        return Math.min(Integer.MAX_VALUE, MESSAGE_OVERHEAD + MAX_PARTIAL_SUMS * largest(job, ProgramVariants::sums));
    }

    /** Bytes of the largest vector or sum whose shards executors may exchange; 0 if all of the job are too small. */
    private static long largestExchange(SparkConf conf, Job job) {
        long largest = Math.max(largest(job, ProgramVariants::sums), largest(job, ProgramVariants::broadcastInputs));
        return conf.getBoolean(PEER_EXCHANGE, true) && largest >= PersistentWorkerCluster.MIN_EXCHANGED ? largest : 0;
    }

    /** Bytes of the largest vector of a kind among the job's programs. */
    private static long largest(Job job, Function<ProgramVariants, Layout> kind) {
        return job.programs().values().stream()
                .map(kind)
                .mapToLong(layout ->
                        (long) layout.size() * job.options().precision().bytes())
                .max()
                .orElse(0);
    }

    /** The resources that a cluster depends on. */
    private interface Resources extends AutoCloseable {
        @Override
        void close();
    }

    /** The cluster with a {@code close} that also ends its worker jobs and then releases their resources. */
    private static Cluster withResources(Cluster cluster, WorkerJobLauncher launcher, Resources resources) {
        return new Cluster() {
            @Override
            public RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher) {
                return cluster.run(request, shared, prefetcher);
            }

            @Override
            public void close() {
                try (resources;
                        launcher) {
                    cluster.close();
                }
            }
        };
    }
}
