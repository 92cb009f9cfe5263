package dev.kindling.driver.check;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.check.reference.ReferenceMethod;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.model.Model;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.Precision;
import java.util.Optional;

/**
 * The configuration that is proved.
 *
 * @param algorithm what claims an order
 * @param reference the same method step by step; without one the algorithm's own objective is differentiated
 * @param model its network and loss, for the shapes of the task that is looked at
 * @param source of the tasks
 * @param backend that computes
 * @param options in double
 * @param round how a round makes the next θ
 */
public record CheckTarget(
        Algorithm algorithm,
        Optional<ReferenceMethod> reference,
        Model model,
        TaskSource source,
        Backend backend,
        CompileOptions options,
        Round round) {

    /**
     * One round of the run.
     *
     * @param seed the run's
     * @param rounds of the whole run
     * @param tasks of one round
     */
    public record Round(long seed, long rounds, int tasks, Aggregator aggregator, OptimizerSettings optimizer) {}

    public CheckTarget {
        if (options.precision() != Precision.DOUBLE) {
            throw new IllegalArgumentException("proofs need double precision, not " + options.precision());
        }
    }
}
