package dev.kindling.driver.cluster.spark;

/** Spark's long messages cut down to what fits a sentence. */
final class Sentences {
    private Sentences() {}

    /** The first line of an exception's message, or its type where it has none; without a full stop. */
    static String first(Throwable failure) {
        String message = failure.getMessage();
        if (message == null || message.isBlank()) {
            return failure.getClass().getSimpleName();
        }
        String line = message.strip().lines().findFirst().orElse("").strip();
        return line.endsWith(".") ? line.substring(0, line.length() - 1) : line;
    }
}
