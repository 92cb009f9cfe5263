package dev.kindling.driver.cluster;

import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A circuit breaker for the exchange of shards: after several failures in a row a run stops trying, so that executors that
 * cannot reach each other do not delay every round. Not thread-safe.
 */
final class ReduceScatterBreaker {
    /** Failures in a row after which exchanges stop. */
    private static final int MAX_FAILURES = 4;

    private static final Logger LOG = LoggerFactory.getLogger(ReduceScatterBreaker.class);

    private final ReduceScatter.Policy policy;
    /** In a row. */
    private int failures;

    ReduceScatterBreaker(ReduceScatter.Policy policy) {
        this.policy = policy;
    }

    private boolean isClosed() {
        return failures < MAX_FAILURES;
    }

    /** How the sums of a round are collected. */
    SumCollection ofSums(List<ExecutorState> workers, long version, int size, Precision precision) {
        return isClosed() && policy.appliesTo(workers, size, precision)
                ? new ReduceScatter(policy, version, size, precision)
                : new SumCollection.Direct();
    }

    /** Whether a vector is sent in shards. */
    boolean ofVector(List<ExecutorState> workers, FlatVector vector) {
        return isClosed() && policy.appliesTo(workers, vector);
    }

    /** Counts whether the exchange of a round succeeded. */
    void count(RoundExecution execution) {
        switch (execution.exchange()) {
            case NOT_USED -> {}
            case SUCCEEDED -> failures = 0;
            case FAILED -> {
                if (++failures == MAX_FAILURES) {
                    LOG.warn("executors stop exchanging shards after {} failed rounds in a row", MAX_FAILURES);
                }
            }
        }
    }
}
