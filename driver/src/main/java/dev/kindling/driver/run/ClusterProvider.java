package dev.kindling.driver.run;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.ParameterAveragingJob;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.cluster.spark.metrics.RoundGauges;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.table.TablePreparer;
import dev.kindling.driver.transform.PredictionJob;
import dev.kindling.job.protocol.Job;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Starts the platform that runs a command's rounds: Spark, or a substitute in tests. */
@FunctionalInterface
public interface ClusterProvider {
    /**
     * Starts the platform.
     *
     * @param run the name of the application
     * @param master the value of {@code --master}
     */
    Session start(String run, Optional<String> master);

    /**
     * Resolves a configuration for this platform, and refuses one that cannot run on it.
     *
     * @param master the value of {@code --master}
     */
    default ResolvedRun resolve(JobConfig configuration, Optional<String> master) {
        return resolve(configuration, master, tables(master));
    }

    /** As {@link #resolve(JobConfig, Optional)}, with another way to prepare a table. */
    default ResolvedRun resolve(JobConfig configuration, Optional<String> master, TablePreparation tables) {
        return ResolvedRun.of(configuration, master, tables);
    }

    /** Prepares tables on this platform, which is started for each of them. */
    default TablePreparation tables(Optional<String> master) {
        return (settings, folder, fitted) -> {
            try (Session session = start("kindling table", master)) {
                return session.tables().prepare(settings, folder, fitted);
            }
        };
    }

    /** Warnings about the security of the platform's connections, a line each. */
    default List<String> warnings(Optional<String> master) {
        return SparkApplication.security(master).warnings();
    }

    /** A started platform. */
    interface Session extends AutoCloseable {
        /** Opens a cluster for a job; close it before the session. */
        Cluster cluster(Job job, ClusterSettings settings);

        /**
         * Opens a cluster whose training rounds use Deeplearning4j's parameter averaging on Spark.
         *
         * @param rounds a cluster of this session that runs all other rounds; closed with the result
         * @throws IllegalStateException if the platform does not support it
         */
        default Cluster averaging(Cluster rounds, ParameterAveragingJob averaged) {
            throw new IllegalStateException("parameter averaging needs Spark");
        }

        /** Prepares tables on this platform; IllegalStateException if it has no Spark. */
        default TablePreparation tables() {
            throw new IllegalStateException("only Spark reads tables");
        }

        /** Predicts tables on this platform; IllegalStateException if it has no Spark. */
        default TablePrediction predictions() {
            throw new IllegalStateException("only Spark reads tables");
        }

        /** The gauges that publish rounds to a metrics system; by default they are not registered with any. */
        default RoundGauges gauges() {
            return new RoundGauges();
        }

        @Override
        void close();
    }

    /** Starts Spark for each session. */
    static ClusterProvider spark() {
        return (run, master) -> session(SparkApplication.start(run, master));
    }

    /** Uses a running Spark application, which the function returns for an application name. */
    static ClusterProvider attached(Function<String, SparkApplication> application) {
        return (run, master) -> session(application.apply(run));
    }

    private static Session session(SparkApplication application) {
        return new Session() {
            @Override
            public Cluster cluster(Job job, ClusterSettings settings) {
                return application.cluster(job, settings);
            }

            @Override
            public Cluster averaging(Cluster rounds, ParameterAveragingJob averaged) {
                return application.averaging(rounds, averaged);
            }

            @Override
            public TablePreparation tables() {
                return TablePreparer.on(application)::prepare;
            }

            @Override
            public TablePrediction predictions() {
                return PredictionJob.on(application)::run;
            }

            @Override
            public RoundGauges gauges() {
                return application.gauges();
            }

            @Override
            public void close() {
                application.close();
            }
        };
    }
}
