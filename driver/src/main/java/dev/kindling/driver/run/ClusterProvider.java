package dev.kindling.driver.run;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.ParameterAveragingJob;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.cluster.spark.metrics.RoundGauges;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.job.protocol.Job;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What runs a command's rounds: Spark, unless a test says otherwise. */
@FunctionalInterface
public interface ClusterProvider {
    /**
     * Starts it.
     *
     * @param run the name of what runs there
     * @param master as {@code --master} says
     */
    Session start(String run, Optional<String> master);

    /**
     * Resolves a configuration for rounds there, and refuses what cannot run there.
     *
     * @param master as {@code --master} says
     */
    default ResolvedRun resolve(JobConfig configuration, Optional<String> master) {
        return ResolvedRun.of(configuration, master);
    }

    /** What a user should know of the security of connections there, a line each. */
    default List<String> warnings(Optional<String> master) {
        return SparkApplication.security(master).warnings();
    }

    /** A platform that has started. */
    interface Session extends AutoCloseable {
        /** A cluster for a job; close it first. */
        Cluster cluster(Job job, ClusterSettings settings);

        /**
         * A cluster whose rounds of training are averaged by Deeplearning4j on Spark; not every platform has that.
         *
         * @param rounds of this platform, for everything else; closed with it
         */
        default Cluster averaging(Cluster rounds, ParameterAveragingJob averaged) {
            throw new IllegalStateException("only Spark averages networks");
        }

        /** Where rounds are shown to whoever watches from outside; to nobody, unless it says otherwise. */
        default RoundGauges gauges() {
            return new RoundGauges();
        }

        @Override
        void close();
    }

    /** Spark. */
    static ClusterProvider spark() {
        return (run, master) -> session(SparkApplication.start(run, master));
    }

    /** A Spark that runs already, by the name of what runs there. */
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
