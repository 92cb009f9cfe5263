package dev.kindling.job.algorithm;

/**
 * The settings of parameter averaging, which replaces the gradient of a round: each worker trains on the query sets of its part
 * of the round's tasks one after another by gradient descent, and the next θ is the mean of the workers' parameters. The
 * training program of a task then only provides per-task outputs.
 *
 * @param workers number of parts of a round's tasks, at least 1; independent of the number of executors
 * @param rate learning rate, above 0
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
