package dev.kindling.driver.cluster;

import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.tensor.FlatVector;
import java.util.Optional;

/**
 * Runs one program of a job on the tasks of a round and folds what comes back. The result does not depend on how many
 * workers there are, which of them ran what, nor how often something was run. Used by one thread at a time.
 */
public interface Cluster extends AutoCloseable {
    /** What will be asked for next; a cluster that has a moment to spare asks once and sends it ahead. */
    @FunctionalInterface
    interface RequestPrefetcher {
        /** Nothing is known of what comes next. */
        RequestPrefetcher NOTHING = Optional::empty;

        /** The next request, which the caller must then hand to {@link #run} as the same instance; empty if none. */
        Optional<RoundRequest> next();
    }

    /** Runs all tasks of a round after which nothing is known to come. */
    default RoundResult run(RoundRequest request, FlatVector shared) {
        return run(request, shared, RequestPrefetcher.NOTHING);
    }

    /**
     * Runs all tasks of a round.
     *
     * @param shared the program's shared inputs; not changed, and free to be changed by the caller afterwards
     * @param prefetcher tells what comes next; asked at most once, on the caller's thread
     * @throws ClusterException if the round cannot be completed
     * @throws dev.kindling.job.error.BadDataException if a worker cannot use the data of its tasks
     * @throws dev.kindling.job.error.BackendUnavailableException if the job's backend cannot run on a worker
     * @throws IllegalArgumentException if a worker refuses a setting of the job
     */
    RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher);

    @Override
    void close();
}
