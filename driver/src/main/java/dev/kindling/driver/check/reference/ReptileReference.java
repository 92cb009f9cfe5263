package dev.kindling.driver.check.reference;

import dev.kindling.job.algorithm.AlgorithmConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/**
 * The reference of Reptile (Nichol, Achiam and Schulman, 2018): a task contributes θ - φ, divided by k α if the meta-optimizer
 * makes the outer step; running statistics and carried moments contribute their difference to θ. With islands a group of tasks
 * makes local outer steps first.
 */
final class ReptileReference implements Reference {
    private final List<InnerLoopReference> tasks = new ArrayList<>();
    private final Predicate<String> follows;
    private final int steps;
    private final double rate;
    private final double scale;

    ReptileReference(TaskContext group, AlgorithmConfig config) {
        StepRules.Batches rule = new StepRules.Batches(config);
        int count = group.layout().tasks();
        for (int i = 0; i < count; i++) {
            tasks.add(new InnerLoopReference(count == 1 ? group : group.single(i), rule));
        }
        boolean islands = config.count("reptile.islands") > 0;
        this.steps = islands ? config.count("reptile.island-steps") : 1;
        this.rate = config.number("reptile.island-rate");
        this.scale = config.isKeyword("reptile.step", "optimizer") ? 1 / (rule.steps() * rule.rate()) : 1;
        this.follows = name ->
                name.startsWith("reptile.") || group.model().runningStatistics().contains(name);
    }

    /** The means over the group's tasks, each at the parameters before its local outer step. */
    @Override
    public Outcome at(NamedArrays theta, Sides sides) {
        if (tasks.size() == 1) {
            return tasks.get(0).at(theta, sides);
        }
        double queryLoss = 0;
        double supportLoss = 0;
        double accuracy = 0;
        boolean measured = false;
        NamedArrays position = theta;
        for (List<InnerLoopReference> step : divided()) {
            for (InnerLoopReference task : step) {
                Outcome outcome = task.at(position, sides);
                queryLoss += outcome.queryLoss() / tasks.size();
                supportLoss += outcome.supportLoss() / tasks.size();
                accuracy += outcome.accuracy().orElse(0) / tasks.size();
                measured = outcome.accuracy().isPresent();
            }
            position = moved(position, step);
        }
        return new Outcome(
                queryLoss,
                queryLoss,
                supportLoss,
                measured ? OptionalDouble.of(accuracy) : OptionalDouble.empty(),
                List.of(),
                new double[0],
                Optional.empty());
    }

    private List<List<InnerLoopReference>> divided() {
        int each = tasks.size() / steps;
        List<List<InnerLoopReference>> divided = new ArrayList<>();
        for (int step = 0; step < steps; step++) {
            divided.add(tasks.subList(step * each, (step + 1) * each));
        }
        return divided;
    }

    /** The parameters after a local outer step; running statistics and moments do not change. */
    private NamedArrays moved(NamedArrays position, List<InnerLoopReference> step) {
        NamedArrays delta = mean(position, step);
        List<String> moving = position.names().stream().filter(follows.negate()).toList();
        return position.with(position.only(moving).plus(-rate, delta));
    }

    private static NamedArrays mean(NamedArrays position, List<InnerLoopReference> step) {
        NamedArrays mean = step.get(0).delta(position).times(1.0 / step.size());
        for (InnerLoopReference task : step.subList(1, step.size())) {
            mean = mean.plus(1.0 / step.size(), task.delta(position));
        }
        return mean;
    }

    @Override
    public NamedArrays known(NamedArrays theta) {
        if (tasks.size() == 1) {
            return scaled(tasks.get(0).delta(theta));
        }
        NamedArrays position = theta;
        NamedArrays averaged = null;
        for (List<InnerLoopReference> step : divided()) {
            NamedArrays mean = mean(position, step).times(1.0 / steps);
            averaged = averaged == null ? mean : averaged.plus(1, mean);
            position = moved(position, step);
        }
        NamedArrays contribution = theta.plus(-1, position);
        for (String name : theta.names()) {
            if (follows.test(name) && averaged != null) {
                contribution = contribution.with(name, averaged.get(name));
            }
        }
        return scaled(contribution);
    }

    private NamedArrays scaled(NamedArrays delta) {
        NamedArrays scaled = delta;
        for (String name : delta.names()) {
            if (!follows.test(name)) {
                scaled = scaled.with(delta.only(List.of(name)).times(scale));
            }
        }
        return scaled;
    }
}
