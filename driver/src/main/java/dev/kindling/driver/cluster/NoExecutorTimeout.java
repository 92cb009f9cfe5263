package dev.kindling.driver.cluster;

import dev.kindling.driver.error.ClusterException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Ends the run when a round has been without any executor for {@code cluster.executor-timeout}. Not thread-safe. */
public final class NoExecutorTimeout {
    private final Duration timeout;
    private final LongSupplier nanoTime;
    private long since;

    /**
     * Begins to count now.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    public NoExecutorTimeout(Duration timeout, LongSupplier nanoTime) {
        this.timeout = timeout;
        this.nanoTime = nanoTime;
        this.since = nanoTime.getAsLong();
    }

    /** Begins to count again: there is an executor. */
    public void reset() {
        since = nanoTime.getAsLong();
    }

    /**
     * Checks the timeout; called while there is no executor.
     *
     * @param why worker jobs fail, in one clause, if they do
     * @throws ClusterException if the timeout has passed
     */
    public void require(RoundRequest request, Optional<String> why) {
        if (nanoTime.getAsLong() - since > timeout.toNanos()) {
            throw new ClusterException("no executor for " + timeout.toSeconds()
                    + " s (cluster.executor-timeout) while waiting for " + request
                    + why.map(reason -> "; worker jobs fail: " + reason).orElse(""));
        }
    }
}
