package dev.kindling.driver.cli;

import org.apache.hadoop.conf.Configuration;

/** The Hadoop configuration of this driver before Spark has started. */
final class HadoopSettings {
    private static final String PREFIX = "spark.hadoop.";

    private HadoopSettings() {}

    /** What is on the class path, and what {@code spark-submit} was told as {@code spark.hadoop.*}. */
    static Configuration load() {
        Configuration configuration = new Configuration();
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith(PREFIX))
                .forEach(name -> configuration.set(name.substring(PREFIX.length()), System.getProperty(name)));
        return configuration;
    }
}
