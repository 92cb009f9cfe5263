package dev.kindling.driver.cluster;

import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which rounds of a run exchange slices. Where executors cannot reach each other, rounds are not kept waiting for it again
 * and again. Not thread-safe.
 */
final class ReduceScatterBreaker {
    /** As many in a row that fail end them all. */
    private static final int MOST_FAILURES = 4;

    private static final Logger LOG = LoggerFactory.getLogger(ReduceScatterBreaker.class);

    private final ReduceScatter.Policy policy;
    /** In a row. */
    private int failures;

    ReduceScatterBreaker(ReduceScatter.Policy policy) {
        this.policy = policy;
    }

    private boolean may() {
        return failures < MOST_FAILURES;
    }

    /** The exchange of a round's sums; empty where each worker sends its own to the driver. */
    Optional<ReduceScatter> ofSums(List<ExecutorState> workers, long version, int numbers, Precision precision) {
        return may() && policy.appliesTo(workers, numbers, precision)
                ? Optional.of(new ReduceScatter(policy, version, numbers, precision))
                : Optional.empty();
    }

    /** Whether a vector goes out in slices. */
    boolean ofVector(List<ExecutorState> workers, FlatVector vector) {
        return may() && policy.appliesTo(workers, vector);
    }

    /** Counts how a round's exchange went, if it had one. */
    void count(RoundExecution execution) {
        if (execution.reduceScatterSucceeded()) {
            failures = 0;
        } else if (execution.reduceScatterFailed() && ++failures == MOST_FAILURES) {
            LOG.warn("executors exchange no slices any more, after {} rounds in a row without success", MOST_FAILURES);
        }
    }
}
