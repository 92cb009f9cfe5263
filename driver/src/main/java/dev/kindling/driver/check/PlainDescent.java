package dev.kindling.driver.check;

import dev.kindling.job.autodiff.Gradients;
import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Pass;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gradient descent on a support set written as a loop in Java over first-order gradients alone: what a meta-gradient that
 * claims to be first order is held against, independent of how its method is written.
 */
final class PlainDescent {
    private static final String LOSS = "loss";

    private final TaskRun support;
    private final TaskRun query;

    /**
     * Descent for one task.
     *
     * @param episode in double, as {@code layout.arrays()} says
     */
    PlainDescent(
            Model model, EpisodeLayout layout, Backend backend, CompileOptions options, Storage episode, long round) {
        this.support = new TaskRun(
                backend.compile(gradients(model, layout, EpisodeLayout.SUPPORT_Y, PlainDescent::ofSupport), options),
                episode,
                round);
        this.query = new TaskRun(
                backend.compile(gradients(model, layout, EpisodeLayout.QUERY_Y, PlainDescent::ofQuery), options),
                episode,
                round);
    }

    /** The network's output for one half of an episode. */
    private interface Output {
        Value of(Builder b, Model model, Map<String, Value> parameters, Map<String, Value> episode);
    }

    private static Value ofSupport(Builder b, Model model, Map<String, Value> parameters, Map<String, Value> episode) {
        return model.output(b, parameters, wanted(episode, EpisodeLayout.SUPPORT_X), Pass.PLAIN);
    }

    private static Value ofQuery(Builder b, Model model, Map<String, Value> parameters, Map<String, Value> episode) {
        return model.predict(
                b,
                parameters,
                wanted(episode, EpisodeLayout.SUPPORT_X),
                wanted(episode, EpisodeLayout.QUERY_X),
                Pass.PLAIN);
    }

    private static Program gradients(Model model, EpisodeLayout layout, String y, Output output) {
        Builder b = new Builder();
        Map<String, Value> parameters = new LinkedHashMap<>();
        for (Layout.Entry entry : model.parameters().entries()) {
            parameters.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Kind.SHARED));
        }
        Map<String, Value> episode = new LinkedHashMap<>();
        for (Layout.Entry entry : layout.arrays().entries()) {
            episode.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Kind.TASK));
        }
        Value loss = model.loss(b, output.of(b, model, parameters, episode), wanted(episode, y));
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

    private static Value wanted(Map<String, Value> episode, String name) {
        Value value = episode.get(name);
        if (value == null) {
            throw new IllegalStateException("an episode has no array " + name);
        }
        return value;
    }

    /** The adapted parameters φ: θ after so many inner steps of the given rate. */
    Storage adapt(Storage theta, double rate, int steps) {
        Storage phi = theta.copy();
        for (int step = 0; step < steps; step++) {
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
