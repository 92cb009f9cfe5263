package dev.kindling.driver.run;

import dev.kindling.driver.cluster.spark.SparkApplication;
import org.apache.hadoop.conf.Configuration;

/** Loads the Hadoop configuration of the driver before Spark has started. */
public final class HadoopSettings {
    private HadoopSettings() {}

    /**
     * The configuration that Spark will use: that of the class path with {@code spark-submit}'s {@code spark.hadoop.*}.
     */
    public static Configuration load() {
        return SparkApplication.hadoop();
    }
}
