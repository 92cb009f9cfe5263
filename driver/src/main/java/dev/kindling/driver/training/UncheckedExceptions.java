package dev.kindling.driver.training;

import dev.kindling.driver.error.ClusterException;

/** Converts checked exceptions that Scala code throws through methods that do not declare them. */
public final class UncheckedExceptions {
    private UncheckedExceptions() {}

    /** The exception itself if it is unchecked, else a ClusterException: only the code that runs rounds calls Scala. */
    public static RuntimeException unchecked(Exception failure) {
        return failure instanceof RuntimeException known
                ? known
                : new ClusterException("the cluster failed: " + failure, failure);
    }
}
