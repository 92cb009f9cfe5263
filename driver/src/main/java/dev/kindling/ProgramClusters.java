package dev.kindling;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.run.ClusterProvider;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.driver.run.TablePreparation;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.protocol.Job;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;

/** The cluster providers of a program: a Spark session that runs already, or this JVM. */
final class ProgramClusters implements ClusterProvider {
    private static final Logger LOG = LoggerFactory.getLogger(ProgramClusters.class);
    private static final String BACKEND = "backend.name";

    private final Function<String, Session> sessions;
    private final boolean computesHere;
    private final boolean hasSpark;

    private ProgramClusters(Function<String, Session> sessions, boolean computesHere, boolean hasSpark) {
        this.sessions = sessions;
        this.computesHere = computesHere;
        this.hasSpark = hasSpark;
    }

    /** The executors of a session that runs already and is not stopped. */
    static ProgramClusters attached(SparkSession spark) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        ClusterProvider provider = ClusterProvider.attached(run -> SparkApplication.attach(spark, run));
        return new ProgramClusters(run -> provider.start(run, Optional.empty()), context.isLocal(), true);
    }

    /** This JVM, without Spark, on all its processors. */
    static ProgramClusters local() {
        int threads = Runtime.getRuntime().availableProcessors();
        Session session = new Session() {
            @Override
            public Cluster cluster(Job job, ClusterSettings settings) {
                return new LocalCluster(job, HadoopSettings.load(), threads);
            }

            @Override
            public void close() {}
        };
        return new ProgramClusters(run -> session, true, false);
    }

    @Override
    public Session start(String run, Optional<String> master) {
        return sessions.apply(run);
    }

    @Override
    public ResolvedRun resolve(JobConfig configuration, Optional<String> master, TablePreparation tables) {
        return computesHere
                ? ResolvedRun.here(withAvailableBackend(configuration), tables)
                : ResolvedRun.elsewhere(configuration, tables);
    }

    /** Without a session, tables are read by the application that runs in this JVM, or by one that is started for them. */
    @Override
    public TablePreparation tables(Optional<String> master) {
        if (hasSpark) {
            return ClusterProvider.super.tables(master);
        }
        Option<SparkSession> running = SparkSession.getDefaultSession();
        return running.isDefined() && !running.get().sparkContext().isStopped()
                ? attached(running.get()).tables(master)
                : ClusterProvider.spark().tables(Optional.of("local[*]"));
    }

    @Override
    public List<String> warnings(Optional<String> master) {
        return List.of();
    }

    /**
     * The configuration with the backend scalar where this JVM, which Kindling did not start, lacks the Vector API: slower,
     * with the same bits.
     */
    static JobConfig withAvailableBackend(JobConfig configuration) {
        if (!configuration.shown(BACKEND).equals("vector")) {
            return configuration;
        }
        try {
            Backends.named("vector");
            return configuration;
        } catch (BackendUnavailableException e) {
            LOG.warn("{}; computing with the backend scalar", e.getMessage());
            return configuration.with(Map.of(BACKEND, "scalar"));
        }
    }
}
