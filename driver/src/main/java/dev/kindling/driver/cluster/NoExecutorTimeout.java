package dev.kindling.driver.cluster;

import dev.kindling.driver.error.ClusterException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/** How long a round has been without any executor, and when that ends the run: {@code cluster.executor-timeout}. Not thread-safe. */
public final class NoExecutorTimeout {
    private final Duration patience;
    private final LongSupplier nanoTime;
    private long since;

    /**
     * Begins now.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    public NoExecutorTimeout(Duration patience, LongSupplier nanoTime) {
        this.patience = patience;
        this.nanoTime = nanoTime;
        this.since = nanoTime.getAsLong();
    }

    /** Somebody is there: should nobody be from now on, it begins anew. */
    public void end() {
        since = nanoTime.getAsLong();
    }

    /**
     * Takes in that nobody is there.
     *
     * @param why worker jobs fail, in one clause, where they do
     * @throws ClusterException if it has been so for longer than it may
     */
    public void require(RoundRequest request, Optional<String> why) {
        if (nanoTime.getAsLong() - since > patience.toNanos()) {
            throw new ClusterException("no executor for " + patience.toSeconds()
                    + " s (cluster.executor-timeout) while waiting for " + request
                    + why.map(reason -> "; worker jobs fail: " + reason).orElse(""));
        }
    }
}
