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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * {@code cluster.mode = resident} on Spark: worker jobs whose Spark tasks stay. In local mode they lend their threads to
 * the driver's own thread; elsewhere they connect to it.
 */
final class PersistentWorkerClusterFactory {
    /** Room for names, reasons and an evaluation's numbers beside the sums. */
    private static final long MESSAGE_OVERHEAD = 64L << 20;
    /** A range has at most two maximal nodes on each level of its tree, and no tree has more than 31 levels. */
    private static final int MOST_NODES = 62;

    /** {@code false} keeps executors from opening ports for each other. */
    private static final String EXCHANGE = "spark.kindling.exchange";

    private static final AtomicLong RUNS = new AtomicLong();

    private PersistentWorkerClusterFactory() {}

    /** A cluster for a job. */
    static Cluster open(JavaSparkContext context, Job job, ClusterSettings settings, ExecutorResourceProfile profile) {
        String run = context.sc().applicationId() + "/" + RUNS.incrementAndGet();
        return context.isLocal()
                ? local(context, job, settings, profile, run)
                : remote(context, job, settings, profile, run);
    }

    /** The driver's own thread is one of the workers: a round of a tenth of a millisecond has no time to wake another. */
    private static Cluster local(
            JavaSparkContext context, Job job, ClusterSettings settings, ExecutorResourceProfile profile, String run) {
        LocalCluster cluster = new LocalCluster(job, CompiledJob.open(job, context.hadoopConfiguration()));
        int slots = context.sc().defaultParallelism();
        int threads = settings.workers() == 0 ? slots : Math.min(settings.workers(), slots);
        if (threads == 1) {
            return cluster;
        }
        CompletableFuture<WorkerJobLauncher> staffing = new CompletableFuture<>();
        LocalWorkerRegistry.open(
                run, cluster.pool(), cluster::isOpen, ticket -> staffing.join().started(ticket));
        staffing.complete(new WorkerJobLauncher(
                context, run, "resident", threads - 1, profile, ticket -> new WorkerTask.Local(run, ticket)));
        return closing(cluster, staffing.join(), () -> LocalWorkerRegistry.close(run));
    }

    private static Cluster remote(
            JavaSparkContext context, Job job, ClusterSettings settings, ExecutorResourceProfile profile, String run) {
        ExecutorEvents events = new ExecutorEvents();
        CompletableFuture<WorkerJobLauncher> staffing = new CompletableFuture<>();
        SparkConf conf = context.getConf();
        WorkerCredentials credentials = new WorkerCredentials();
        Cluster cluster = new PersistentWorkerCluster(job, settings, events, System::nanoTime, () -> {
            requireContext(context);
            return staffing.join().lastFailure();
        });
        DriverEndpoint endpoint = new DriverEndpoint(
                conf,
                settings,
                credentials,
                largestMessage(job),
                events,
                ticket -> staffing.join().started(ticket));
        WorkerTaskListener listener = WorkerTaskListener.on(context.sc(), run, credentials);
        staffing.complete(new WorkerJobLauncher(
                context,
                run,
                "resident",
                settings.workers(),
                profile,
                ticket -> new WorkerTask.Remote(
                        run,
                        ticket,
                        endpoint.host(),
                        endpoint.port(),
                        credentials.issue(ticket),
                        exchange(conf, job))));
        return closing(cluster, staffing.join(), () -> {
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
        return Math.min(Integer.MAX_VALUE, MESSAGE_OVERHEAD + MOST_NODES * largest(job, ProgramVariants::sums));
    }

    /** Bytes of the largest vector or sum that executors may exchange; 0 where none of the job is worth the trouble. */
    private static long exchange(SparkConf conf, Job job) {
        long largest = Math.max(largest(job, ProgramVariants::sums), largest(job, ProgramVariants::broadcastInputs));
        return conf.getBoolean(EXCHANGE, true) && largest >= PersistentWorkerCluster.MIN_EXCHANGED ? largest : 0;
    }

    /** Bytes of the largest layout of a kind among the job's programs. */
    private static long largest(Job job, Function<ProgramVariants, Layout> kind) {
        return job.programs().values().stream()
                .map(kind)
                .mapToLong(layout ->
                        (long) layout.size() * job.options().precision().bytes())
                .max()
                .orElse(0);
    }

    /** What is closed after a cluster. */
    private interface Resources extends AutoCloseable {
        @Override
        void close();
    }

    /** The cluster, and after it its worker jobs and what they stand on, each whatever becomes of the one before. */
    private static Cluster closing(Cluster cluster, WorkerJobLauncher launcher, Resources resources) {
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
