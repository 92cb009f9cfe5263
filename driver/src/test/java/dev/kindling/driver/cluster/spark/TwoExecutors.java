package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.table.TablePreparer;
import dev.kindling.job.protocol.Job;
import java.io.File;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import scala.Tuple2;

/** Spark with two executors of one core in JVMs of their own, with their activity and loaded classes. */
public final class TwoExecutors implements AutoCloseable {
    private static final long PATIENCE_MILLIS = 30_000;

    private final ExecutorsAtWork atWork = new ExecutorsAtWork();
    private final SparkApplication spark;

    /** Starts Spark and waits for both executors. */
    public TwoExecutors() {
        this(Map.of());
    }

    /** As without settings, with some of Spark's. */
    TwoExecutors(Map<String, String> settings) {
        this(settings, 2);
    }

    /** As without settings, with some of Spark's, and waits for so many executors; more than two if those are more. */
    TwoExecutors(Map<String, String> settings, int count) {
        // Where Spark looks for its own jars; the executors take them from this JVM's class path instead.
        new File(System.getenv("SPARK_HOME"), "jars").mkdirs();
        SparkConf given = new SparkConf().set("spark.executor.extraClassPath", System.getProperty("java.class.path"));
        settings.forEach(given::set);
        spark = SparkApplication.start(SparkApplication.configuration(
                given, "test", Optional.of("local-cluster[" + Math.max(2, count) + ",1,1024]")));
        spark.context().sc().addSparkListener(atWork);
        atWork.awaitExecutors(count);
    }

    SparkApplication spark() {
        return spark;
    }

    /** Prepares tables on the executors. */
    public TablePreparer tables() {
        return TablePreparer.on(spark);
    }

    public Cluster cluster(Job job, ClusterSettings settings) {
        return spark.cluster(job, settings);
    }

    /** The executors that completed Spark tasks since the last call. */
    public Set<String> workedLately() {
        try {
            spark.context().sc().listenerBus().waitUntilEmpty(PATIENCE_MILLIS);
        } catch (TimeoutException e) {
            throw new AssertionError("Spark's events are late", e);
        }
        return atWork.take();
    }

    /** For each executor, the classes of some packages that its JVM has loaded. */
    public Map<String, List<String>> loaded(String... packages) {
        return spark.context()
                .parallelize(List.of(0, 1), 2)
                .mapToPair(i -> new Tuple2<>(SparkEnv.get().executorId(), LoadedClasses.of(packages)))
                .collectAsMap();
    }

    /** The processes of the executors. */
    Map<String, Long> processes() {
        return spark.context()
                .parallelize(List.of(0, 1), 2)
                .mapToPair(i -> new Tuple2<>(
                        SparkEnv.get().executorId(), ProcessHandle.current().pid()))
                .collectAsMap();
    }

    @Override
    public void close() {
        spark.close();
    }
}
