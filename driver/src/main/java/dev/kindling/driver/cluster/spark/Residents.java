package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterException;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.Inbox;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.Request;
import dev.kindling.driver.cluster.ResidentCluster;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.job.executor.Barracks;
import dev.kindling.job.executor.Enlistment;
import dev.kindling.job.runner.Runner;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.Variants;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * {@code cluster.mode = resident} on Spark: worker jobs whose Spark tasks stay. In local mode they lend their threads to
 * the driver's own thread; elsewhere they connect to it.
 */
final class Residents {
    /** Room for names, reasons and an evaluation's numbers beside the sums. */
    private static final long ROOM = 64L << 20;
    /** A range has at most two maximal nodes on each level of its tree, and no tree has more than 31 levels. */
    private static final int MOST_NODES = 62;

    /** {@code false} keeps executors from opening ports for each other. */
    private static final String EXCHANGE = "spark.kindling.exchange";

    private static final AtomicLong RUNS = new AtomicLong();

    private Residents() {}

    /** A cluster for a job. */
    static Cluster open(JavaSparkContext context, Job job, ClusterSettings settings, RoundsProfile profile) {
        String run = context.sc().applicationId() + "/" + RUNS.incrementAndGet();
        return context.isLocal()
                ? here(context, job, settings, profile, run)
                : there(context, job, settings, profile, run);
    }

    /** The driver's own thread is one of the workers: a round of a tenth of a millisecond has no time to wake another. */
    private static Cluster here(
            JavaSparkContext context, Job job, ClusterSettings settings, RoundsProfile profile, String run) {
        LocalCluster cluster = new LocalCluster(job, Runner.open(job, context.hadoopConfiguration()));
        int slots = context.sc().defaultParallelism();
        int threads = settings.workers() == 0 ? slots : Math.min(settings.workers(), slots);
        if (threads == 1) {
            return cluster;
        }
        CompletableFuture<Staffing> staffing = new CompletableFuture<>();
        Barracks.open(
                run, cluster.crew(), cluster::isOpen, ticket -> staffing.join().started(ticket));
        staffing.complete(new Staffing(
                context, run, "resident", threads - 1, profile, ticket -> new Enlistment.Here(run, ticket)));
        return closing(cluster, staffing.join(), () -> Barracks.close(run));
    }

    private static Cluster there(
            JavaSparkContext context, Job job, ClusterSettings settings, RoundsProfile profile, String run) {
        Inbox inbox = new Inbox();
        CompletableFuture<Staffing> staffing = new CompletableFuture<>();
        SparkConf conf = context.getConf();
        WorkerCredentials credentials = new WorkerCredentials();
        Cluster cluster = new ResidentCluster(job, settings, inbox, System::nanoTime, () -> {
            requireContext(context);
            return staffing.join().complaint();
        });
        Gate gate = new Gate(
                conf,
                settings,
                credentials,
                largestMessage(job),
                inbox,
                ticket -> staffing.join().started(ticket));
        WorkerTaskListener listener = WorkerTaskListener.on(context.sc(), run, credentials);
        staffing.complete(new Staffing(
                context,
                run,
                "resident",
                settings.workers(),
                profile,
                ticket -> new Enlistment.There(
                        run, ticket, gate.host(), gate.port(), credentials.issue(ticket), exchange(conf, job))));
        return closing(cluster, staffing.join(), () -> {
            context.sc().removeSparkListener(listener);
            gate.close();
        });
    }

    private static void requireContext(JavaSparkContext context) {
        if (context.sc().isStopped()) {
            throw new ClusterException(Sentences.STOPPED);
        }
    }

    private static long largestMessage(Job job) {
        return Math.min(Integer.MAX_VALUE, ROOM + MOST_NODES * largest(job, Variants::sums));
    }

    /** Bytes of the largest vector or sum that executors may exchange; 0 where none of the job is worth the trouble. */
    private static long exchange(SparkConf conf, Job job) {
        long largest = Math.max(largest(job, Variants::sums), largest(job, Variants::sharedInputs));
        return conf.getBoolean(EXCHANGE, true) && largest >= ResidentCluster.LEAST_EXCHANGED ? largest : 0;
    }

    /** Bytes of the largest layout of a kind among the job's programs. */
    private static long largest(Job job, Function<Variants, Layout> kind) {
        return job.programs().values().stream()
                .map(kind)
                .mapToLong(layout ->
                        (long) layout.size() * job.options().precision().bytes())
                .max()
                .orElse(0);
    }

    /** What is closed after a cluster. */
    private interface Ground extends AutoCloseable {
        @Override
        void close();
    }

    /** The cluster, and after it its worker jobs and what they stand on, each whatever becomes of the one before. */
    private static Cluster closing(Cluster cluster, Staffing staffing, Ground ground) {
        return new Cluster() {
            @Override
            public RoundResult run(Request request, Storage shared, Ahead ahead) {
                return cluster.run(request, shared, ahead);
            }

            @Override
            public void close() {
                try (ground;
                        staffing) {
                    cluster.close();
                }
            }
        };
    }
}
