package dev.kindling.driver.evaluation;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.Request;
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

    private static final String LOSS = "loss";
    private static final String ACCURACY = "accuracy";

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
        double[] rows = new double[Math.multiplyExact(settings.tasks(), measures.size())];
        for (int from = 0; from < settings.tasks(); from += TASKS_PER_REQUEST) {
            int to = Math.min(settings.tasks(), from + TASKS_PER_REQUEST);
            List<TaskSpec> specs = sampler.range(0, from, to);
            double[] part =
                    cluster.run(new Request(program, specs, true), theta).rows();
            System.arraycopy(part, 0, rows, from * measures.size(), part.length);
        }
        return summarise(rows);
    }

    private Evaluation summarise(double[] rows) {
        List<Evaluation.Step> steps = new ArrayList<>();
        for (int step = 0; step < measures.shape(LOSS).size(); step++) {
            Optional<Statistics> accuracy = measures.has(ACCURACY)
                    ? Optional.of(statistics(rows, ACCURACY, step, Statistics.Better.HIGHER))
                    : Optional.empty();
            steps.add(new Evaluation.Step(statistics(rows, LOSS, step, Statistics.Better.LOWER), accuracy));
        }
        return new Evaluation(protocol, steps);
    }

    private Statistics statistics(double[] rows, String measure, int step, Statistics.Better better) {
        int offset = measures.offset(measure);
        return Statistics.of(column(rows, offset + step), column(rows, offset), better);
    }

    private double[] column(double[] rows, int offset) {
        double[] column = new double[settings.tasks()];
        for (int task = 0; task < column.length; task++) {
            column[task] = rows[task * measures.size() + offset];
        }
        return column;
    }
}
