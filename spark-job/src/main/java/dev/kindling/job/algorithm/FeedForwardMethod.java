package dev.kindling.job.algorithm;

import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Targets;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A method that predicts from the support set without inner steps; its evaluations have step 0 only. */
abstract class FeedForwardMethod implements Algorithm {
    private final String name;

    FeedForwardMethod(String name) {
        this.name = name;
    }

    /**
     * The values of a task from which predictions are computed.
     *
     * @param theta the arrays of θ
     * @param query the query set, whose targets are for losses only
     * @param context of the forward pass over the support set
     * @param queryPass context of the forward pass over the queries, with another key
     */
    record Task(
            Model model,
            Map<String, Value> theta,
            Batch support,
            Batch query,
            ForwardContext context,
            ForwardContext queryPass) {
        /** A task of an evaluation or prediction, whose passes draw nothing. */
        static Task plain(Model model, Map<String, Value> theta, Map<String, Value> episode) {
            return new Task(
                    model,
                    theta,
                    Batch.support(episode),
                    Batch.query(episode),
                    ForwardContext.PLAIN,
                    ForwardContext.PLAIN);
        }
    }

    /** The context of a forward pass whose key differs from those of the task's other passes. */
    private static ForwardContext numbered(ProgramBuilder b, Optional<Value> key, int number) {
        return key.map(parts -> ForwardContext.dropping(
                        b.concat(0, List.of(parts, b.reshape(b.constant(number), Shape.of(1))))))
                .orElse(ForwardContext.PLAIN);
    }

    /**
     * The outputs for the support and query set, [examples, outputs] each, in the form that {@code model.loss} accepts.
     *
     * @param support for the support examples; before adaptation, for a method that has such outputs
     * @param query for the queries
     * @param queryVariance the variance of each query's target, [queries]; empty if the method does not predict any
     * @param penalty what training adds to the mean loss of the queries, a scalar; empty for nothing
     */
    record Outputs(Value support, Value query, Optional<Value> queryVariance, Optional<Value> penalty) {
        Outputs(Value support, Value query) {
            this(support, query, Optional.empty(), Optional.empty());
        }
    }

    /** The outputs for a task. */
    abstract Outputs outputs(ProgramBuilder b, Task task);

    /** The loss of outputs, a scalar; by default that of the model. */
    Value loss(ProgramBuilder b, Model model, Value output, Targets targets) {
        return model.loss(b, output, targets);
    }

    /** The networks whose parameters θ consists of, in its order. */
    abstract JointParameters networks(Model model);

    @Override
    public Layout parameters(Model model) {
        return networks(model).parameters();
    }

    @Override
    public void initialise(Model model, long seed, FlatVector target) {
        networks(model).initialise(seed, target);
    }

    @Override
    public final Map<String, Double> runningStatistics(Model model) {
        Map<String, Double> rates = new TreeMap<>();
        networks(model).statistics().forEach(name -> rates.put(name, Model.MOMENTUM));
        return rates;
    }

    /** Refuses a model or tasks that the method does not support with IllegalArgumentException. */
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
        Batch.requireWeightsSupported(model, layout);
        requireFits(model, layout);
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> theta = NamedValues.declare(b, parameters(model), Program.Scope.BROADCAST);
        List<String> additional = model.random() ? List.of(EpisodeLayout.KEY) : List.of();
        Map<String, Value> episode = EpisodeValues.declare(b, layout, layout.arraysAnd(additional));
        Optional<Value> key = Optional.ofNullable(episode.get(EpisodeLayout.KEY));
        Batch support = Batch.support(episode);
        Batch query = Batch.query(episode);
        Task task = new Task(model, theta, support, query, numbered(b, key, 0), numbered(b, key, 1));
        Outputs outputs = outputs(b, task);
        Value queryLoss = loss(b, model, outputs.query(), query.targets());
        Optional<Value> density = outputs.queryVariance()
                .map(variance -> negativeLogDensity(b, outputs.query(), variance, query.targets()));
        Optional<Value> objective = outputs.penalty()
                .map(penalty -> b.add(density.orElse(queryLoss), penalty))
                .or(() -> density);
        Map<String, Value> statistics = batchStatistics(b, task);
        List<String> trained = theta.keySet().stream()
                .filter(array -> !statistics.containsKey(array))
                .toList();
        Map<String, Value> gradients = NamedValues.of(
                trained, Autodiff.grad(b, objective.orElse(queryLoss), NamedValues.values(theta, trained)));
        Map<String, Value> sums = new LinkedHashMap<>();
        theta.forEach((array, value) -> sums.put(
                array,
                statistics.containsKey(array)
                        ? b.sub(value, NamedValues.value(statistics, array))
                        : NamedValues.value(gradients, array)));
        List<Program.Output> results = new ArrayList<>(NamedValues.outputs(sums, Program.Reduction.SUM));
        results.add(new Program.Output("query_loss", Program.Reduction.PER_TASK, queryLoss));
        results.add(new Program.Output(
                "support_loss", Program.Reduction.PER_TASK, loss(b, model, outputs.support(), support.targets())));
        model.accuracy(b, outputs.query(), query.targets())
                .ifPresent(accuracy ->
                        results.add(new Program.Output("query_accuracy", Program.Reduction.PER_TASK, accuracy)));
        objective.ifPresent(value -> results.add(new Program.Output("objective", Program.Reduction.PER_TASK, value)));
        return b.build(name + "-train", results);
    }

    /** The weighted mean of -log N(y; mean, variance), a scalar; mean and y [queries, 1], variance [queries]. */
    private static Value negativeLogDensity(ProgramBuilder b, Value mean, Value variance, Targets targets) {
        Value squared = b.reshape(b.square(b.sub(mean, targets.y())), variance.shape());
        Value log = b.add(b.log(variance), b.constant(StrictMath.log(2 * StrictMath.PI)));
        return targets.mean(b, b.mul(b.constant(0.5), b.add(b.div(squared, variance), log)));
    }

    /** The statistics of the batch that the running statistics of θ average, by name. */
    Map<String, Value> batchStatistics(ProgramBuilder b, Task task) {
        return Map.of();
    }

    @Override
    public final Program evaluate(Model model, EpisodeLayout layout, int steps) {
        Batch.requireWeightsSupported(model, layout);
        requireFits(model, layout);
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> theta = NamedValues.declare(b, parameters(model), Program.Scope.BROADCAST);
        Map<String, Value> episode = EpisodeValues.declare(b, layout, layout.arrays());
        Task task = Task.plain(model, theta, episode);
        Batch query = task.query();
        Value output = outputs(b, task).query();
        Map<String, Value> scores = new LinkedHashMap<>();
        scores.put("loss", loss(b, model, output, query.targets()));
        model.accuracy(b, output, query.targets()).ifPresent(accuracy -> scores.put("accuracy", accuracy));
        scores.replaceAll((metric, value) -> b.reshape(value, value.shape().stacked(1)));
        return b.build(name + "-evaluate", NamedValues.outputs(scores, Program.Reduction.PER_TASK));
    }

    @Override
    public final Program predict(Model model, EpisodeLayout layout, int steps) {
        Batch.requireWeightsSupported(model, layout);
        requireFits(model, layout);
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> theta = NamedValues.declare(b, parameters(model), Program.Scope.BROADCAST);
        Map<String, Value> episode = EpisodeValues.declare(b, layout, layout.arrays());
        Outputs outputs = outputs(b, Task.plain(model, theta, episode));
        Map<String, Value> results = new LinkedHashMap<>();
        results.put("prediction", outputs.query());
        outputs.queryVariance().ifPresent(variance -> results.put("variance", variance));
        results.replaceAll((output, value) -> b.reshape(value, value.shape().stacked(1)));
        return b.build(name + "-predict", NamedValues.outputs(results, Program.Reduction.PER_TASK));
    }
}
