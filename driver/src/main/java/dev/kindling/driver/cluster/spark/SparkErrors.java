package dev.kindling.driver.cluster.spark;

/** Shortens Spark's messages to a single line. */
final class SparkErrors {
    /** The reason for a context that Spark has stopped itself. */
    static final String STOPPED =
            "Spark's context is stopped, because its master did not answer or ended the application";
    /** Spark's message for a context that has lost its master; the reason is in Spark's log only. */
    private static final String SPARK_SAYS_STOPPED = "Cannot call methods on a stopped SparkContext";

    private SparkErrors() {}

    /** The first line of an exception's message without a full stop, or the exception's type if it has no message. */
    static String first(Throwable failure) {
        String message = failure.getMessage();
        if (message != null && message.startsWith(SPARK_SAYS_STOPPED)) {
            return STOPPED;
        }
        if (message == null || message.isBlank()) {
            return failure.getClass().getSimpleName();
        }
        String line = message.strip().lines().findFirst().orElse("").strip();
        return line.endsWith(".") ? line.substring(0, line.length() - 1) : line;
    }
}
