package dev.kindling.driver.cluster;

import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.tensor.FlatVector;
import java.util.Optional;

/**
 * Runs one program of a job on the tasks of a round and reduces the outputs. The result does not depend on the number of
 * workers, nor on which of them ran which task and how often. Used by one thread at a time.
 */
public interface Cluster extends AutoCloseable {
    /** Supplies the next request early, so that a cluster can send its specs while the current round runs. */
    @FunctionalInterface
    interface RequestPrefetcher {
        /** No next request is known. */
        RequestPrefetcher NOTHING = Optional::empty;

        /** The next request, which must then be passed to {@link #run} as the same instance; empty if none is known. */
        Optional<RoundRequest> next();
    }

    /** Runs all tasks of a round without prefetching. */
    default RoundResult run(RoundRequest request, FlatVector shared) {
        return run(request, shared, RequestPrefetcher.NOTHING);
    }

    /**
     * Runs all tasks of a round.
     *
     * @param shared the program's broadcast inputs; not changed, and may be changed by the caller afterwards
     * @param prefetcher supplies the next request; called at most once, on the caller's thread
     * @throws ClusterException if the round cannot be completed
     * @throws dev.kindling.job.error.BadDataException if a worker cannot use the data of its tasks
     * @throws dev.kindling.job.error.BackendUnavailableException if the job's backend cannot run on a worker
     * @throws IllegalArgumentException if a worker refuses a setting of the job
     */
    RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher);

    @Override
    void close();
}
