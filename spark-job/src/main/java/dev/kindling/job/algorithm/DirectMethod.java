package dev.kindling.job.algorithm;

import dev.kindling.job.autodiff.Gradients;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Pass;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A method that predicts from the support set without inner steps; its evaluations have step 0 alone. */
abstract class DirectMethod implements Algorithm {
    private final String name;

    DirectMethod(String name) {
        this.name = name;
    }

    /**
     * A task as predictions see it.
     *
     * @param theta the arrays of θ
     * @param pass over the support set
     * @param queryPass over the queries, which draws other numbers
     */
    record Task(Model model, Map<String, Value> theta, Batch support, Pass pass, Pass queryPass) {}

    /** A pass whose random numbers no other of the same task has. */
    private static Pass numbered(Builder b, Optional<Value> key, int number) {
        return key.map(parts -> Pass.dropping(b.concat(0, List.of(parts, b.reshape(b.constant(number), Shape.of(1))))))
                .orElse(Pass.PLAIN);
    }

    /**
     * The outputs for both halves of an episode, [examples, outputs] each, as {@code model.loss} takes them.
     *
     * @param support for the support examples
     * @param query for the queries
     */
    record Outputs(Value support, Value query) {}

    /** What is predicted for a task and these queries. */
    abstract Outputs outputs(Builder b, Task task, Value queries);

    /** The loss of outputs, a scalar: the model's own unless a method has another. */
    Value loss(Builder b, Model model, Value output, Value y) {
        return model.loss(b, output, y);
    }

    /** Refuses a model or tasks that the method cannot serve with IllegalArgumentException. */
    abstract void requireFits(Model model, EpisodeLayout layout);

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final Claim claim() {
        return Claim.EXACT;
    }

    @Override
    public final int steps() {
        return 0;
    }

    @Override
    public final Program train(Model model, EpisodeLayout layout) {
        requireFits(model, layout);
        Builder b = new Builder();
        Map<String, Value> theta = Named.declare(b, parameters(model), Program.Kind.SHARED);
        List<String> asked = model.random() ? List.of(EpisodeLayout.KEY) : List.of();
        Map<String, Value> episode = Named.declare(b, layout.arraysAnd(asked), Program.Kind.TASK);
        Optional<Value> key = Optional.ofNullable(episode.get(EpisodeLayout.KEY));
        Batch support = Batch.support(episode);
        Batch query = Batch.query(episode);
        Task task = new Task(model, theta, support, numbered(b, key, 0), numbered(b, key, 1));
        Outputs outputs = outputs(b, task, query.x());
        Value queryLoss = loss(b, model, outputs.query(), query.y());
        Map<String, Value> observed = observe(b, task, query.x());
        List<String> trained = theta.keySet().stream()
                .filter(array -> !observed.containsKey(array))
                .toList();
        Map<String, Value> gradients = Named.of(trained, Gradients.of(b, queryLoss, Named.values(theta, trained)));
        Map<String, Value> sums = new LinkedHashMap<>();
        theta.forEach((array, value) -> sums.put(
                array,
                observed.containsKey(array)
                        ? b.sub(value, Named.value(observed, array))
                        : Named.value(gradients, array)));
        List<Program.Output> results = new ArrayList<>(Named.outputs(sums, Program.Role.SUM));
        results.add(new Program.Output("query_loss", Program.Role.EACH, queryLoss));
        results.add(
                new Program.Output("support_loss", Program.Role.EACH, loss(b, model, outputs.support(), support.y())));
        model.accuracy(b, outputs.query(), query.y())
                .ifPresent(accuracy -> results.add(new Program.Output("query_accuracy", Program.Role.EACH, accuracy)));
        return b.build(name + "-train", results);
    }

    /** What statistics of θ follow, by their names. */
    Map<String, Value> observe(Builder b, Task task, Value queries) {
        return Map.of();
    }

    @Override
    public final Program evaluate(Model model, EpisodeLayout layout, int steps) {
        requireFits(model, layout);
        Builder b = new Builder();
        Map<String, Value> theta = Named.declare(b, parameters(model), Program.Kind.SHARED);
        Map<String, Value> episode = Named.declare(b, layout.arrays(), Program.Kind.TASK);
        Batch query = Batch.query(episode);
        Value output = outputs(b, new Task(model, theta, Batch.support(episode), Pass.PLAIN, Pass.PLAIN), query.x())
                .query();
        Map<String, Value> scores = new LinkedHashMap<>();
        scores.put("loss", loss(b, model, output, query.y()));
        model.accuracy(b, output, query.y()).ifPresent(accuracy -> scores.put("accuracy", accuracy));
        scores.replaceAll((metric, value) -> b.reshape(value, value.shape().stacked(1)));
        return b.build(name + "-evaluate", Named.outputs(scores, Program.Role.EACH));
    }

    @Override
    public final Program predict(Model model, EpisodeLayout layout, int steps) {
        requireFits(model, layout);
        Builder b = new Builder();
        Map<String, Value> theta = Named.declare(b, parameters(model), Program.Kind.SHARED);
        Map<String, Value> episode = Named.declare(b, layout.arrays(), Program.Kind.TASK);
        Value output = outputs(
                        b,
                        new Task(model, theta, Batch.support(episode), Pass.PLAIN, Pass.PLAIN),
                        Batch.query(episode).x())
                .query();
        Value stacked = b.reshape(output, output.shape().stacked(1));
        return b.build(name + "-predict", List.of(new Program.Output("prediction", Program.Role.EACH, stacked)));
    }
}
