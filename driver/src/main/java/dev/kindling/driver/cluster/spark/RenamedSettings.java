package dev.kindling.driver.cluster.spark;

import dev.kindling.job.executor.AssignedDevice;
import java.util.Map;
import org.apache.spark.SparkConf;
import scala.Tuple2;

/** Refuses Kindling's Spark settings of earlier versions, naming the new key. */
final class RenamedSettings {
    private static final Map<String, String> KEYS = Map.of(
            "spark.kindling.driver-libs", DriverClasspath.FOLDER.setting(),
            "spark.kindling.executor-libs", ExecutorClasspath.FOLDER.setting(),
            "spark.kindling.exchange", PersistentWorkerClusterFactory.PEER_EXCHANGE);
    private static final String PREFIX = "spark.kindling.rounds.";

    private RenamedSettings() {}

    /**
     * Checks the settings of an application.
     *
     * @throws IllegalArgumentException if one has a key of an earlier version
     */
    static void refuse(SparkConf configuration) {
        KEYS.forEach((old, current) -> {
            if (configuration.contains(old)) {
                throw renamed(old, configuration.get(old), current);
            }
        });
        for (Tuple2<String, String> setting : configuration.getAllWithPrefix(PREFIX)) {
            throw renamed(PREFIX + setting._1(), setting._2(), AssignedDevice.EXECUTOR_PROFILE + setting._1());
        }
    }

    private static IllegalArgumentException renamed(String old, String value, String current) {
        return new IllegalArgumentException(old + " is " + value + "; the setting is now " + current);
    }
}
