package dev.kindling.driver.check;

import dev.kindling.job.autodiff.Gradients;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Pass;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Gradient descent on a support set written as a loop in Java over first-order gradients alone: what a meta-gradient that
 * claims to be first order is held against, independent of how its method is written. Where the model drops numbers at
 * random, each pass has the task's key and its own number to draw with: inner step i has i, the queries have the count of steps.
 */
final class PlainDescent {
    private static final String LOSS = "loss";
    /** An input of the programs here: the number of a pass. */
    private static final String PASS = "pass";

    private final TaskRun support;
    private final TaskRun query;
    private final int steps;

    /**
     * Descent of so many steps for one task.
     *
     * @param task makes a run of the task out of a program
     */
    PlainDescent(Model model, EpisodeLayout layout, int steps, Function<Program, TaskRun> task) {
        this.support = task.apply(gradients(model, layout, EpisodeLayout.SUPPORT_Y, PlainDescent::ofSupport));
        this.query = task.apply(gradients(model, layout, EpisodeLayout.QUERY_Y, PlainDescent::ofQuery));
        this.steps = steps;
        query.put(PASS, steps);
    }

    /** The network's output for one half of an episode. */
    private interface Output {
        Value of(Builder b, Model model, Map<String, Value> parameters, Map<String, Value> episode, Pass pass);
    }

    private static Value ofSupport(
            Builder b, Model model, Map<String, Value> parameters, Map<String, Value> episode, Pass pass) {
        return model.output(b, parameters, wanted(episode, EpisodeLayout.SUPPORT_X), pass);
    }

    private static Value ofQuery(
            Builder b, Model model, Map<String, Value> parameters, Map<String, Value> episode, Pass pass) {
        return model.predict(
                b, parameters, wanted(episode, EpisodeLayout.SUPPORT_X), wanted(episode, EpisodeLayout.QUERY_X), pass);
    }

    private static Program gradients(Model model, EpisodeLayout layout, String y, Output output) {
        Builder b = new Builder();
        Map<String, Value> parameters = new LinkedHashMap<>();
        for (Layout.Entry entry : model.parameters().entries()) {
            parameters.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Kind.SHARED));
        }
        Map<String, Value> episode = new LinkedHashMap<>();
        List<String> asked = model.random() ? List.of(EpisodeLayout.KEY) : List.of();
        for (Layout.Entry entry : layout.arraysAnd(asked).entries()) {
            episode.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Kind.TASK));
        }
        Pass pass = model.random() ? dropping(b, wanted(episode, EpisodeLayout.KEY)) : Pass.PLAIN;
        Value loss = model.loss(b, output.of(b, model, parameters, episode, pass), wanted(episode, y));
        List<Value> gradients = Gradients.of(b, loss, List.copyOf(parameters.values()));
        List<Program.Output> outputs = new ArrayList<>();
        for (Value gradient : gradients) {
            String name = model.parameters().names().get(outputs.size());
            // What follows statistics is not descended on.
            boolean moves = !model.statistics().contains(name);
            outputs.add(new Program.Output(name, Program.Role.SUM, moves ? gradient : b.full(gradient.shape(), 0)));
        }
        outputs.add(new Program.Output(LOSS, Program.Role.EACH, loss));
        return b.build("gradients", outputs);
    }

    private static Pass dropping(Builder b, Value key) {
        Value number = b.input(PASS, Shape.of(1), Program.Kind.TASK);
        return Pass.dropping(b.concat(0, List.of(key, number)));
    }

    private static Value wanted(Map<String, Value> episode, String name) {
        Value value = episode.get(name);
        if (value == null) {
            throw new IllegalStateException("an episode has no array " + name);
        }
        return value;
    }

    /** The adapted parameters φ: θ after the inner steps, of the given rate. */
    Storage adapt(Storage theta, double rate) {
        Storage phi = theta.copy();
        for (int step = 0; step < steps; step++) {
            support.put(PASS, step);
            Storage gradient = support.at(phi).sums();
            for (int i = 0; i < phi.size(); i++) {
                phi.set(i, phi.at(i) - rate * gradient.at(i));
            }
        }
        return phi;
    }

    /** The loss of the query set at given parameters. */
    double queryLoss(Storage parameters) {
        return query.at(parameters).scalar(LOSS);
    }

    /** The gradient of the query loss at given parameters. */
    Storage queryGradient(Storage parameters) {
        return query.at(parameters).sums();
    }
}
