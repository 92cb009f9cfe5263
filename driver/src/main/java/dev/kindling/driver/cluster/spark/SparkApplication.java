package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterException;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.job.wire.Job;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The run's Spark context: made here, closed here, and seen by nobody outside this room. What {@code spark-submit} or
 * {@code -Dspark.*} says holds; what they leave open is filled in.
 */
public final class SparkApplication implements AutoCloseable {
    static final String VECTOR_MODULE = "--add-modules=jdk.incubator.vector";
    static final String DEFAULT_JAVA_OPTIONS = "spark.executor.defaultJavaOptions";

    private final JavaSparkContext context;

    private SparkApplication(JavaSparkContext context) {
        this.context = context;
    }

    /**
     * Starts Spark.
     *
     * @param name of the application, as Spark's own pages show it
     * @param master where to run; empty for what {@code spark-submit} says, or else {@code local[*]}
     * @throws ClusterException if Spark does not start
     */
    public static SparkApplication start(String name, Optional<String> master) {
        return start(configuration(new SparkConf(), name, master));
    }

    static SparkApplication start(SparkConf configuration) {
        try {
            return new SparkApplication(new JavaSparkContext(configuration));
        } catch (Exception e) {
            // SparkException is checked, and Scala declares nothing.
            throw new ClusterException(
                    "Spark does not start on master " + configuration.get("spark.master") + ": " + Sentences.first(e),
                    e);
        }
    }

    static SparkConf configuration(SparkConf given, String name, Optional<String> master) {
        SparkConf configuration = given.clone();
        master.ifPresent(configuration::setMaster);
        configuration.setIfMissing("spark.master", "local[*]");
        configuration.setIfMissing("spark.app.name", name);
        configuration.setIfMissing("spark.ui.showConsoleProgress", "false");
        if (configuration.get("spark.master").matches("local(\\[.*])?")) {
            configuration.setIfMissing("spark.ui.enabled", "false");
        }
        configuration.set(DEFAULT_JAVA_OPTIONS, withVectorModule(configuration.get(DEFAULT_JAVA_OPTIONS, "")));
        return configuration;
    }

    /** Executors need the module for {@code backend.vector}; the user's own options stay. */
    private static String withVectorModule(String options) {
        return options.contains(VECTOR_MODULE) ? options : (options + " " + VECTOR_MODULE).strip();
    }

    JavaSparkContext context() {
        return context;
    }

    /** Opens a cluster for a job; close it before this application. */
    public Cluster cluster(Job job, ClusterSettings settings) {
        return switch (settings.mode()) {
            case JOBS -> new JobsCluster(context, job, settings);
        };
    }

    @Override
    public void close() {
        context.close();
    }
}
