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
 * The configuration to check.
 *
 * @param algorithm the method, with its claim about its contributions
 * @param reference the same method computed step by step; without one the training program's own objective is differentiated
 * @param model network and loss, for the layout of the checked task
 * @param source of the tasks
 * @param backend that runs the programs
 * @param options with double precision
 * @param round the settings of a round
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
     * The settings of a round.
     *
     * @param seed of the run
     * @param rounds of the whole run
     * @param tasks of one round
     */
    public record Round(long seed, long rounds, int tasks, Aggregator aggregator, OptimizerSettings optimizer) {}

    public CheckTarget {
        if (options.precision() != Precision.DOUBLE) {
            throw new IllegalArgumentException("checks need double precision, not " + options.precision());
        }
    }
}
