package dev.kindling.driver.evaluation;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * Evaluates parameters: adapts them to held-out tasks and measures loss and accuracy on the query set after each inner step.
 * The tasks depend on the evaluation's own seed only, so that every θ and every method is evaluated on the same ones.
 */
public final class Evaluator {
    /** Tasks of one request to the cluster: enough for all workers, few enough for one message. */
    private static final int TASKS_PER_REQUEST = 4096;

    /** The most tasks on which a baseline is measured: its interval there is narrow enough to stand beside a trained model. */
    public static final int BASELINE_TASKS = 1000;

    private final EvaluationSettings settings;
    private final Protocol protocol;
    private final TaskSource source;
    private final Sampler sampler;
    private final String program;
    private final Layout measures;
    private final Optional<Function<FlatVector, GroupEvaluation>> byGroup;

    /**
     * An evaluator that runs a program of the cluster's job.
     *
     * @param program name of the program
     * @param measures its per-task outputs: {@code loss} and, for classification, {@code accuracy}, [steps + 1] each
     */
    public Evaluator(
            EvaluationSettings settings, Protocol protocol, TaskSource source, String program, Layout measures) {
        this(settings, protocol, source, program, measures, Optional.empty());
    }

    /**
     * As the other constructor, with an evaluation by group.
     *
     * @param byGroup evaluates θ by group; empty unless tasks are groups of a table
     */
    public Evaluator(
            EvaluationSettings settings,
            Protocol protocol,
            TaskSource source,
            String program,
            Layout measures,
            Optional<Function<FlatVector, GroupEvaluation>> byGroup) {
        this.byGroup = byGroup;
        this.settings = settings;
        this.protocol = protocol;
        this.source = source;
        this.sampler = new Sampler(source, settings.seed(), settings.split());
        this.program = program;
        this.measures = measures;
    }

    /** Evaluates the θ of a model on all tasks, and by group where tasks are groups of a table. */
    public Evaluation evaluateModel(Cluster cluster, FlatVector theta) {
        Evaluation evaluation = evaluate(cluster, theta);
        return byGroup.map(evaluate -> evaluation.with(evaluate.apply(theta))).orElse(evaluation);
    }

    /** Evaluates θ on all tasks. */
    public Evaluation evaluate(Cluster cluster, FlatVector theta) {
        return evaluate(cluster, theta, settings.tasks());
    }

    /** Evaluates the θ that training began with, for comparison, on the first {@link #BASELINE_TASKS} tasks at most. */
    public Evaluation evaluateBaseline(Cluster cluster, FlatVector theta) {
        return evaluate(cluster, theta, Math.min(settings.tasks(), BASELINE_TASKS));
    }

    private Evaluation evaluate(Cluster cluster, FlatVector theta, int tasks) {
        PerTaskResults results = new PerTaskResults(tasks, measures);
        for (int from = 0; from < tasks; from += TASKS_PER_REQUEST) {
            int to = Math.min(tasks, from + TASKS_PER_REQUEST);
            List<TaskSpec> specs = sampler.range(0, from, to);
            names(results, specs);
            RoundResult part = cluster.run(new RoundRequest(program, specs, OutputMode.PER_TASK), theta);
            results.put(
                    from,
                    part.perTaskOutputs(),
                    part.taskTimings().nanos(),
                    part.taskTimings().workers());
        }
        return new Evaluation(
                protocol.ofFirst(tasks),
                steps(results),
                settings.detail() == EvaluationSettings.Detail.EACH_TASK ? Optional.of(results) : Optional.empty(),
                Optional.empty());
    }

    private void names(PerTaskResults results, List<TaskSpec> specs) {
        for (TaskSpec spec : specs) {
            source.name(spec).ifPresent(name -> results.name(spec.index(), name, source.queries(spec)));
        }
    }

    private List<Evaluation.Step> steps(PerTaskResults results) {
        List<Evaluation.Step> steps = new ArrayList<>();
        for (int step = 0; step < results.steps(); step++) {
            Optional<Statistics> accuracy = measures.has(PerTaskResults.ACCURACY)
                    ? Optional.of(statistics(results, PerTaskResults.ACCURACY, step, Statistics.Better.HIGHER))
                    : Optional.empty();
            steps.add(new Evaluation.Step(
                    statistics(results, PerTaskResults.LOSS, step, Statistics.Better.LOWER),
                    accuracy,
                    accuracy.isPresent() ? OptionalDouble.empty() : results.rmse(step, source.targetScale()),
                    results.lossOverRows(step)));
        }
        return steps;
    }

    private static Statistics statistics(PerTaskResults results, String measure, int step, Statistics.Better better) {
        return Statistics.of(results.column(measure, step), results.column(measure, 0), better);
    }
}
