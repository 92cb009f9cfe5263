package dev.kindling.driver.check;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.model.Model;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Precision;

/**
 * The configuration that is proved.
 *
 * @param algorithm what claims an order
 * @param model its network and loss, for the shapes of the first training task
 * @param source of the tasks
 * @param backend that computes
 * @param options in double
 * @param round how a round makes the next θ
 */
public record Subject(
        Algorithm algorithm, Model model, TaskSource source, Backend backend, CompileOptions options, Round round) {

    /**
     * One round of the run.
     *
     * @param seed the run's
     * @param rounds of the whole run
     * @param tasks of one round
     */
    public record Round(long seed, long rounds, int tasks, Aggregator aggregator, OptimizerSettings optimizer) {}

    /** The first training task of the run with the given seed: the one that is looked at. */
    public static TaskSpec firstTask(TaskSource source, long seed) {
        return new Sampler(source, seed, Purpose.TRAIN).range(0, 0, 1).get(0);
    }

    public Subject {
        if (options.precision() != Precision.DOUBLE) {
            throw new IllegalArgumentException("proofs need double precision, not " + options.precision());
        }
    }
}
