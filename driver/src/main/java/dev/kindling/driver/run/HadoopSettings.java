package dev.kindling.driver.run;

import dev.kindling.driver.cluster.spark.SparkApplication;
import org.apache.hadoop.conf.Configuration;

/** The Hadoop configuration of this driver before Spark has started. */
public final class HadoopSettings {
    private HadoopSettings() {}

    /** What Spark itself will use: the class path's, and what {@code spark-submit} was told as {@code spark.hadoop.*}. */
    public static Configuration load() {
        return SparkApplication.hadoop();
    }
}
