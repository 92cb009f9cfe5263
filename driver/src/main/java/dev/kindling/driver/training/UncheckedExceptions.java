package dev.kindling.driver.training;

import dev.kindling.driver.error.ClusterException;

/** A checked exception that Scala, which has none, threw through methods that do not declare it. */
public final class UncheckedExceptions {
    private UncheckedExceptions() {}

    /** The same failure as one that may be thrown anywhere; only what runs rounds is written in Scala. */
    public static RuntimeException unchecked(Exception failure) {
        return failure instanceof RuntimeException known
                ? known
                : new ClusterException("the cluster failed: " + failure, failure);
    }
}
