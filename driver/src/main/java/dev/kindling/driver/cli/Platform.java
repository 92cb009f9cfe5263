package dev.kindling.driver.cli;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.job.wire.Job;
import java.util.Optional;

/** What runs a command's rounds: Spark, unless a test says otherwise. */
@FunctionalInterface
interface Platform {
    /**
     * Starts it.
     *
     * @param name of the application
     * @param master as {@code --master} says
     */
    Running start(String name, Optional<String> master);

    /** A platform that has started. */
    interface Running extends AutoCloseable {
        /** A cluster for a job; close it first. */
        Cluster cluster(Job job, ClusterSettings settings);

        @Override
        void close();
    }

    /** Spark. */
    static Platform spark() {
        return (name, master) -> {
            SparkApplication application = SparkApplication.start(name, master);
            return new Running() {
                @Override
                public Cluster cluster(Job job, ClusterSettings settings) {
                    return application.cluster(job, settings);
                }

                @Override
                public void close() {
                    application.close();
                }
            };
        };
    }
}
