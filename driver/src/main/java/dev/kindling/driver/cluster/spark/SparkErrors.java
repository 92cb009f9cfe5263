package dev.kindling.driver.cluster.spark;

import java.util.regex.Pattern;

/** Shortens Spark's messages to a single line. */
final class SparkErrors {
    /** The reason for a context that Spark has stopped itself. */
    static final String STOPPED =
            "Spark's context is stopped, because its master did not answer or ended the application";
    /** Spark's message for a context that has lost its master; the reason is in Spark's log only. */
    private static final String SPARK_SAYS_STOPPED = "Cannot call methods on a stopped SparkContext";

    /** The reason for Spark tasks that fail because executors cannot load Kindling's classes. */
    static final String MISSING_CLASSES =
            "the executors do not have Kindling's classes; spark.jars (spark-submit --jars) must "
                    + "hold Kindling's jar before the Spark session starts";
    /** What deserialising a Spark task reports then; the last is for a lambda whose class is missing. */
    private static final Pattern MISSING_CLASS = Pattern.compile("ClassNotFoundException: dev\\.kindling\\."
            + "|NoClassDefFoundError: dev/kindling/|instance of java\\.lang\\.invoke\\.SerializedLambda");

    private SparkErrors() {}

    /** The first line of an exception's message without a full stop, or the exception's type if it has no message. */
    static String first(Throwable failure) {
        String message = failure.getMessage();
        if (message != null && message.startsWith(SPARK_SAYS_STOPPED)) {
            return STOPPED;
        }
        if (message != null && MISSING_CLASS.matcher(message).find()) {
            return MISSING_CLASSES;
        }
        if (message == null || message.isBlank()) {
            return failure.getClass().getSimpleName();
        }
        String line = message.strip().lines().findFirst().orElse("").strip();
        return line.endsWith(".") ? line.substring(0, line.length() - 1) : line;
    }
}
