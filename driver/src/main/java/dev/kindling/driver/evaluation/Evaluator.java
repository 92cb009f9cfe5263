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

/**
 * Evaluates parameters: adapts them to held-out tasks and measures loss and accuracy on the query set after each inner step.
 * The tasks depend on the evaluation's own seed only, so that every θ and every method is evaluated on the same ones.
 */
public final class Evaluator {
    /** Tasks of one request to the cluster: enough for all workers, few enough for one message. */
    private static final int TASKS_PER_REQUEST = 4096;

    private final EvaluationSettings settings;
    private final Protocol protocol;
    private final Sampler sampler;
    private final String program;
    private final Layout measures;
    private final List<String> names;

    /**
     * An evaluator that runs a program of the cluster's job.
     *
     * @param program name of the program
     * @param measures its per-task outputs: {@code loss} and, for classification, {@code accuracy}, [steps + 1] each
     */
    public Evaluator(
            EvaluationSettings settings, Protocol protocol, TaskSource source, String program, Layout measures) {
        this(settings, protocol, source, program, measures, List.of());
    }

    /**
     * An evaluator on given episodes.
     *
     * @param names of the episodes, in the order of tasks
     */
    public Evaluator(
            EvaluationSettings settings,
            Protocol protocol,
            TaskSource source,
            String program,
            Layout measures,
            List<String> names) {
        this.settings = settings;
        this.protocol = protocol;
        this.sampler = new Sampler(source, settings.seed(), settings.split());
        this.program = program;
        this.measures = measures;
        this.names = names;
    }

    /** Evaluates θ on all tasks. */
    public Evaluation evaluate(Cluster cluster, FlatVector theta) {
        PerTaskResults results = new PerTaskResults(settings.tasks(), measures);
        for (int from = 0; from < settings.tasks(); from += TASKS_PER_REQUEST) {
            int to = Math.min(settings.tasks(), from + TASKS_PER_REQUEST);
            List<TaskSpec> specs = sampler.range(0, from, to);
            RoundResult part = cluster.run(new RoundRequest(program, specs, OutputMode.PER_TASK), theta);
            results.put(
                    from,
                    part.perTaskOutputs(),
                    part.taskTimings().nanos(),
                    part.taskTimings().workers());
        }
        return new Evaluation(
                protocol,
                steps(results),
                settings.detail() == EvaluationSettings.Detail.EACH_TASK ? Optional.of(results) : Optional.empty(),
                names);
    }

    private List<Evaluation.Step> steps(PerTaskResults results) {
        List<Evaluation.Step> steps = new ArrayList<>();
        for (int step = 0; step < results.steps(); step++) {
            Optional<Statistics> accuracy = measures.has(PerTaskResults.ACCURACY)
                    ? Optional.of(statistics(results, PerTaskResults.ACCURACY, step, Statistics.Better.HIGHER))
                    : Optional.empty();
            steps.add(new Evaluation.Step(
                    statistics(results, PerTaskResults.LOSS, step, Statistics.Better.LOWER), accuracy));
        }
        return steps;
    }

    private static Statistics statistics(PerTaskResults results, String measure, int step, Statistics.Better better) {
        return Statistics.of(results.column(measure, step), results.column(measure, 0), better);
    }
}
