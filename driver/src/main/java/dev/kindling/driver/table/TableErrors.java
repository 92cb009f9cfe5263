package dev.kindling.driver.table;

import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.error.BadDataException;
import org.apache.spark.sql.AnalysisException;

/** Turns failures of Spark's table functions into the exceptions of their exit codes. */
public final class TableErrors {
    private TableErrors() {}

    /**
     * The exception for a failure. Spark wraps those of its tasks, and throws checked ones undeclared.
     *
     * @param what failed, as a clause
     */
    public static RuntimeException of(Exception failure, String what) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BadDataException || cause instanceof IllegalArgumentException) {
                return (RuntimeException) cause;
            }
        }
        String message = what + ": " + TableReader.firstLine(failure);
        if (failure instanceof AnalysisException) {
            return new BadDataException(message, failure);
        }
        return failure instanceof RuntimeException unchecked ? unchecked : new ClusterException(message, failure);
    }
}
