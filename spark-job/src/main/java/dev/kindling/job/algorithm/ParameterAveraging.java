package dev.kindling.job.algorithm;

/**
 * Rounds of training that somebody else makes: workers descend on the query sets of a round's tasks, each worker on its share of
 * them one after another, and the next θ is the mean of where they end (parameter averaging). What a task's program gives
 * is then only what is measured.
 *
 * @param workers among which a round's tasks are divided, at least 1: part of the method, and no number of executors
 * @param rate of the descent, above 0
 */
public record ParameterAveraging(int workers, double rate) {
    public ParameterAveraging {
        if (workers < 1) {
            throw new IllegalArgumentException("transfer.workers is " + workers + "; it must be at least 1");
        }
        if (rate <= 0) {
            throw new IllegalArgumentException("transfer.learning-rate is " + rate + "; it must be above 0");
        }
    }
}
