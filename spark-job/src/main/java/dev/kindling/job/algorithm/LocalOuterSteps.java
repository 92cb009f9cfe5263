package dev.kindling.job.algorithm;

import dev.kindling.job.algorithm.InnerLoop.Contribution;
import dev.kindling.job.algorithm.InnerLoop.OuterObjective;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Local outer steps, as in local SGD (the island model): a round's tasks are divided into groups ("islands"), each of which
 * makes several outer steps from θ before the results are averaged. The program of an island is a pure function of θ and its
 * group of tasks, wherever it runs.
 *
 * <p>Running statistics are constant within an island, which contributes the mean of its tasks' contributions to them.
 *
 * @param count number of islands in a round, at least 1
 * @param steps number of outer steps of each island, at least 1
 * @param rate interpolation rate of an outer step, above 0
 */
record LocalOuterSteps(int count, int steps, double rate) {
    /** The name prefix of sums over an island's tasks. */
    private static final String SUM = "sum ";

    LocalOuterSteps {
        if (steps < 1) {
            throw new IllegalArgumentException("reptile.island-steps is " + steps + "; it must be at least 1");
        }
        if (rate <= 0) {
            throw new IllegalArgumentException("reptile.island-rate is " + rate + "; it must be above 0");
        }
    }

    /**
     * The number of tasks of an island.
     *
     * @throws IllegalArgumentException if a round of that size cannot be divided into islands and their steps
     */
    int together(int tasksPerRound) {
        if (tasksPerRound % (count * steps) != 0) {
            throw new IllegalArgumentException("task.meta-batch-size is " + tasksPerRound + ", but reptile.islands is "
                    + count + " and reptile.island-steps is " + steps + "; it must be a multiple of " + count * steps);
        }
        return tasksPerRound / count;
    }

    /**
     * The program of an island.
     *
     * @param inner the inner loop of a task
     * @param outer computes a task's contribution: the difference by which each array is to change
     * @param followers names of the running statistics
     * @param scale factor of the island's contribution to the other arrays, which is the negative of their change
     */
    Program train(
            Model model,
            EpisodeLayout layout,
            InnerLoop inner,
            OuterObjective outer,
            Set<String> followers,
            double scale) {
        if (model.random()) {
            throw new IllegalArgumentException("reptile.islands is " + count
                    + ", but the network drops out units at random, which islands do not; it must be 0");
        }
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> theta = NamedValues.declare(b, inner.parameters(model), Program.Scope.BROADCAST);
        Map<String, Value> moving = new LinkedHashMap<>(theta);
        moving.keySet().removeAll(followers);
        Map<String, Value> carries = new LinkedHashMap<>(moving);
        carries.putAll(zeros(b, NamedValues.only(theta, followers)));
        LoopBuilder loop = new LoopBuilder(b, steps, carries, divided(b, layout), NamedValues.only(theta, followers));
        Contribution step = mean(loop, inner, outer, model, theta.keySet());
        Map<String, Value> sums = NamedValues.of(theta.keySet(), step.sums());
        Map<String, Value> result = loop.run("island-step", moved(loop, sums), step.measures());

        List<Program.Output> outputs = new ArrayList<>();
        theta.forEach((name, value) -> outputs.add(new Program.Output(
                name,
                Program.Reduction.SUM,
                moving.containsKey(name)
                        ? b.mul(b.constant(scale), b.sub(value, NamedValues.value(result, name)))
                        : b.mul(b.constant(1.0 / steps), NamedValues.value(result, SUM + name)))));
        step.measures()
                .keySet()
                .forEach(name -> outputs.add(new Program.Output(
                        name, Program.Reduction.PER_TASK, b.meanAll(NamedValues.value(result, name)))));
        return b.build("reptile-islands-train", outputs);
    }

    /** The episodes of an island by array name, divided into steps: [steps, tasks of a step, ...]. */
    private Map<String, Value> divided(ProgramBuilder b, EpisodeLayout layout) {
        Layout single = layout.single().arrays();
        Map<String, Value> divided = new LinkedHashMap<>();
        NamedValues.declare(b, layout.arrays(), Program.Scope.TASK).forEach((name, value) -> {
            Shape shape = single.shape(name).stacked(layout.tasks() / steps).stacked(steps);
            divided.put(name, b.reshape(value, shape));
        });
        return EpisodeValues.separated(b, layout, divided);
    }

    private static Map<String, Value> zeros(ProgramBuilder b, Map<String, Value> like) {
        Map<String, Value> zeros = new LinkedHashMap<>();
        like.forEach((name, value) -> zeros.put(SUM + name, b.full(value.shape(), 0)));
        return zeros;
    }

    /** Within a step of an island: the means of its tasks' contributions at the island's θ and of their measures. */
    private static Contribution mean(
            LoopBuilder island, InnerLoop inner, OuterObjective outer, Model model, Set<String> names) {
        ProgramBuilder b = island.step();
        Map<String, Value> position = new LinkedHashMap<>();
        names.forEach(name -> position.put(
                name, NamedValues.value(island.carried().containsKey(name) ? island.carried() : island.fixed(), name)));
        int tasks = NamedValues.value(island.each(), EpisodeLayout.SUPPORT_X)
                .shape()
                .dim(0);
        LoopBuilder loop = new LoopBuilder(b, tasks, zeros(b, position), island.each(), position);
        Contribution task =
                inner.contribution(loop.step(), inner.task(model, loop.fixed(), loop.each()), loop.fixed(), outer);
        Map<String, Value> next = new LinkedHashMap<>();
        NamedValues.of(names, task.sums())
                .forEach((name, value) ->
                        next.put(SUM + name, loop.step().add(NamedValues.value(loop.carried(), SUM + name), value)));
        Map<String, Value> result = loop.run("island-task", next, task.measures());
        UnaryOperator<Value> mean = value -> b.mul(b.constant(1.0 / tasks), value);
        Map<String, Value> measures = new LinkedHashMap<>();
        task.measures().keySet().forEach(name -> measures.put(name, b.meanAll(NamedValues.value(result, name))));
        return new Contribution(
                NamedValues.values(result, next.keySet()).stream().map(mean).toList(), measures);
    }

    /** The values after a step; for running statistics, the sum of the contributions so far. */
    private Map<String, Value> moved(LoopBuilder loop, Map<String, Value> contributions) {
        ProgramBuilder b = loop.step();
        Map<String, Value> next = new LinkedHashMap<>();
        loop.carried()
                .forEach((name, before) -> next.put(
                        name,
                        name.startsWith(SUM)
                                ? b.add(before, NamedValues.value(contributions, name.substring(SUM.length())))
                                : b.sub(before, b.mul(b.constant(rate), NamedValues.value(contributions, name)))));
        return next;
    }
}
