package dev.kindling.driver.evaluation;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.Request;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Adapts parameters to held-out tasks and measures the query set after each inner step. The tasks depend on the
 * evaluation's own seed alone, so that every θ and every method meets the same ones.
 */
public final class Evaluator {
    /** Tasks of one request to the cluster: enough to keep it busy, few enough for one message. */
    private static final int TASKS_PER_REQUEST = 4096;

    private final EvaluationSettings settings;
    private final Protocol protocol;
    private final Sampler sampler;
    private final String program;
    private final Layout measures;

    /**
     * An evaluator that runs a program of the cluster's job.
     *
     * @param program its name
     * @param measures its per-task outputs: {@code loss} and perhaps {@code accuracy}, [steps + 1] each
     */
    public Evaluator(
            EvaluationSettings settings, Protocol protocol, TaskSource source, String program, Layout measures) {
        this.settings = settings;
        this.protocol = protocol;
        this.sampler = new Sampler(source, settings.seed(), settings.split());
        this.program = program;
        this.measures = measures;
    }

    /** Evaluates θ on all tasks. */
    public Evaluation evaluate(Cluster cluster, Storage theta) {
        TaskTable table = new TaskTable(settings.tasks(), measures);
        for (int from = 0; from < settings.tasks(); from += TASKS_PER_REQUEST) {
            int to = Math.min(settings.tasks(), from + TASKS_PER_REQUEST);
            List<TaskSpec> specs = sampler.range(0, from, to);
            RoundResult part = cluster.run(new Request(program, specs, true), theta);
            table.put(from, part.rows(), part.traces().nanos(), part.traces().workers());
        }
        return new Evaluation(
                protocol,
                steps(table),
                settings.detail() == EvaluationSettings.Detail.EACH_TASK ? Optional.of(table) : Optional.empty());
    }

    private List<Evaluation.Step> steps(TaskTable table) {
        List<Evaluation.Step> steps = new ArrayList<>();
        for (int step = 0; step < table.steps(); step++) {
            Optional<Statistics> accuracy = measures.has(TaskTable.ACCURACY)
                    ? Optional.of(statistics(table, TaskTable.ACCURACY, step, Statistics.Better.HIGHER))
                    : Optional.empty();
            steps.add(new Evaluation.Step(statistics(table, TaskTable.LOSS, step, Statistics.Better.LOWER), accuracy));
        }
        return steps;
    }

    private static Statistics statistics(TaskTable table, String measure, int step, Statistics.Better better) {
        return Statistics.of(table.column(measure, step), table.column(measure, 0), better);
    }
}
