package dev.kindling.driver.cluster.spark;

/** Spark's long messages cut down to what fits a sentence. */
final class SparkErrors {
    /** Why a context is stopped that nobody here has stopped. */
    static final String STOPPED =
            "Spark's context is stopped, because its master did not answer or ended the application";
    /** What Spark says of a context that gave up on its master; why, it says only in its log. */
    private static final String SPARK_SAYS_STOPPED = "Cannot call methods on a stopped SparkContext";

    private SparkErrors() {}

    /** The first line of an exception's message, or its type where it has none; without a full stop. */
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
