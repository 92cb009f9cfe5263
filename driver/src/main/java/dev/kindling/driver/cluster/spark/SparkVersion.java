package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.error.ClusterException;
import java.util.regex.Pattern;

/** The versions of Spark and Scala that Kindling runs on. */
public final class SparkVersion {
    /** The version of Scala for which Deeplearning4j Spark is published. */
    private static final String DEEPLEARNING4J_SCALA = "2.12.";

    private static final Pattern SUPPORTED = Pattern.compile("3\\.5\\..+|4\\..+");

    /** Parameters of machine learning stages that are written in Java fail there (SPARK-52259). */
    private static final String UNUSABLE = "4.0.0";

    private SparkVersion() {}

    /** Refuses a Spark in whose JVM Kindling cannot run with ClusterException. */
    static void requireSupported() {
        requireSupported(org.apache.spark.package$.MODULE$.SPARK_VERSION());
    }

    static void requireSupported(String spark) {
        if (spark.equals(UNUSABLE)) {
            throw new ClusterException("Spark is " + spark
                    + ", where stages of pipelines that are written in Java fail (SPARK-52259); it must be "
                    + "3.5, or 4 from 4.0.1 on");
        }
        if (!SUPPORTED.matcher(spark).matches()) {
            throw new ClusterException("Spark is " + spark + "; it must be 3.5, or 4 from 4.0.1 on");
        }
    }

    /**
     * Refuses a Spark for which Deeplearning4j Spark is not published.
     *
     * @param setting that needs it, as the beginning of the message
     * @throws IllegalArgumentException if Spark's Scala is another one
     */
    public static void requireDeeplearning4j(String setting) {
        requireDeeplearning4j(setting, scala.util.Properties.versionNumberString());
    }

    static void requireDeeplearning4j(String setting, String scala) {
        if (!scala.startsWith(DEEPLEARNING4J_SCALA)) {
            throw new IllegalArgumentException(
                    setting + ", which is published for Scala 2.12 only, but this Spark has Scala " + scala
                            + "; use transfer.engine = rounds, or a Spark 3.5 for Scala 2.12");
        }
    }
}
