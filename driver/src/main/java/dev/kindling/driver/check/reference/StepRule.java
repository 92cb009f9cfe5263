package dev.kindling.driver.check.reference;

import dev.kindling.job.algorithm.AlgorithmConfig;
import dev.kindling.job.model.Model;
import java.util.List;
import java.util.Optional;

/**
 * How one method adapts, in Java: as it stands MAML's rule, φ begins at θ and every parameter that follows no statistics moves
 * by φ ← φ - α s. Methods override what they do differently.
 */
class StepRule {
    private final int steps;
    private final double rate;
    private final StepUpdate update;

    /** The rule of the given settings, of {@code steps} steps. */
    StepRule(AlgorithmConfig config, int steps) {
        this.steps = steps;
        this.rate = config.number("algorithm.inner-learning-rate");
        this.update = StepUpdate.of(config);
    }

    /** The rule of the given settings with the configured steps. */
    StepRule(AlgorithmConfig config) {
        this(config, config.count("algorithm.inner-steps"));
    }

    final int steps() {
        return steps;
    }

    final double rate() {
        return rate;
    }

    final StepUpdate update() {
        return update;
    }

    /** The model's parameters before the first step. */
    NamedDuals start(TaskContext task, NamedDuals theta) {
        return theta.only(task.model().parameters().names());
    }

    /** The inner optimizer's arrays before the first step. */
    NamedDuals memory(TaskContext task, NamedDuals theta) {
        return update.begin(start(task, theta), adapting(task.model()));
    }

    /** The parameters that steps move. */
    List<String> adapting(Model model) {
        return model.parameters().names().stream()
                .filter(name -> !model.runningStatistics().contains(name))
                .toList();
    }

    /** The parameters with which a step begins. */
    NamedDuals begin(TaskContext task, NamedDuals theta, NamedDuals phi, int step) {
        return phi;
    }

    /** The parameters that the passes of a step use. */
    NamedDuals used(TaskContext task, NamedDuals theta, NamedDuals phi, int step) {
        return phi;
    }

    /** The support examples that a step descends on; empty for all. */
    Optional<int[]> rows(int examples, int step) {
        return Optional.empty();
    }

    /** What a step descends by. */
    Dual gradient(NamedDuals theta, String name, Dual phi, Dual gradient) {
        return gradient;
    }

    /** The rate of a parameter in a step: one, or one for each of its numbers. */
    Dual rate(NamedDuals theta, String name, int step) {
        return Dual.constant(rate);
    }

    /** The weights of the query losses after each step in the objective; empty where only the last counts. */
    Optional<double[]> weights(long round) {
        return Optional.empty();
    }
}
