package dev.kindling.driver.check.reference;

import dev.kindling.job.algorithm.AlgorithmConfig;
import dev.kindling.job.model.Model;
import java.util.List;
import java.util.Optional;

/**
 * The inner-loop rule of a method in Java. The base class is MAML's: φ starts at θ, and each inner step updates every
 * parameter that is not a running statistic by φ ← φ - α s. Subclasses override what differs.
 */
class StepRule {
    private final int steps;
    private final double rate;
    private final StepUpdate update;

    /** The rule of the given settings, with {@code steps} inner steps. */
    StepRule(AlgorithmConfig config, int steps) {
        this.steps = steps;
        this.rate = config.number("algorithm.inner-learning-rate");
        this.update = StepUpdate.of(config);
    }

    /** The rule of the given settings, with the configured number of inner steps. */
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
    NamedDuals start(TaskContext task, NamedDuals theta, Sides sides) {
        return theta.only(task.model().parameters().names());
    }

    /** The inner optimizer's arrays before the first step, which starts at φ. */
    NamedDuals moments(TaskContext task, NamedDuals theta, NamedDuals phi) {
        return update.begin(phi, adapting(task.model()));
    }

    /** The parameters that inner steps update. */
    List<String> adapting(Model model) {
        return model.parameters().names().stream()
                .filter(name -> !model.runningStatistics().contains(name))
                .toList();
    }

    /** The parameters before a step. */
    NamedDuals begin(TaskContext task, NamedDuals theta, NamedDuals phi, int step) {
        return phi;
    }

    /** The parameters that the passes of a step are evaluated at. */
    NamedDuals used(TaskContext task, NamedDuals theta, NamedDuals phi, int step) {
        return phi;
    }

    /** The indices of the support examples of a step; empty for all. */
    Optional<int[]> rows(int examples, int step) {
        return Optional.empty();
    }

    /** The gradient of the inner objective, from the support loss's gradient. */
    Dual gradient(NamedDuals theta, String name, Dual phi, Dual gradient) {
        return gradient;
    }

    /** The learning rate of a parameter in a step: one value, or one for each element. */
    Dual rate(NamedDuals theta, String name, int step) {
        return Dual.constant(rate);
    }

    /** The weights of the query losses after each step in the objective; empty if the last one is the objective. */
    Optional<double[]> weights(long round) {
        return Optional.empty();
    }
}
