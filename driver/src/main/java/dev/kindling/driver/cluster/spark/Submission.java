package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.ClusterException;
import org.apache.spark.deploy.SparkSubmit;

/** Spark's own submission of an application, with its refusals as one sentence each. */
public final class Submission {
    private Submission() {}

    /**
     * Hands a command line to Spark's submit class, which starts the application in this JVM or elsewhere.
     *
     * @param arguments as {@code spark-submit} takes them
     * @throws ClusterException if Spark refuses it
     */
    public static void submit(String... arguments) {
        try {
            SparkSubmit.main(arguments);
        } catch (Exception e) {
            // SparkException is checked, and Scala declares nothing.
            throw new ClusterException("Spark cannot submit Kindling: " + Sentences.first(e), e);
        }
    }
}
