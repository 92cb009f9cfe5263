package dev.kindling.driver.report;

import dev.kindling.job.task.TaskSpec;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How adaptation goes, on a handful of tasks.
 *
 * @param before loss of test tasks before the first step
 * @param after loss of the same tasks after the last
 * @param steps how many steps that was
 * @param agreement mean cosine between the contributions of pairs of training tasks: 1 where all want the same of θ, 0
 *     where they have nothing in common; NaN where a method contributes nothing
 * @param pairedTasks of how many training tasks
 */
record AdaptationDiagnostics(double[] before, double[] after, int steps, double agreement, int pairedTasks) {
    private static final int TEST_TASKS = 200;
    private static final int TRAINING_TASKS = 16;

    /**
     * Looks at a model.
     *
     * @param round of whose training tasks the agreement is taken
     */
    static AdaptationDiagnostics of(ModelProbe probe, long round) {
        List<TaskSpec> specs = probe.tasks(TEST_TASKS);
        ModelProbe.Outputs outputs = probe.evaluations(specs);
        int last = outputs.length("loss") - 1;
        return new AdaptationDiagnostics(
                column(outputs, specs.size(), 0),
                column(outputs, specs.size(), last),
                last,
                agreement(probe.contributions(round, TRAINING_TASKS)),
                TRAINING_TASKS);
    }

    private static double[] column(ModelProbe.Outputs outputs, int tasks, int step) {
        return IntStream.range(0, tasks)
                .mapToDouble(task -> outputs.of(task, "loss")[step])
                .toArray();
    }

    /** The share of tasks that are better after than before. */
    double gaining() {
        return IntStream.range(0, before.length)
                        .filter(task -> after[task] < before[task])
                        .count()
                / (double) before.length;
    }

    /** Mean cosine over all pairs; NaN for fewer than two vectors that are not 0. */
    static double agreement(List<double[]> vectors) {
        double[] sum = new double[vectors.get(0).length];
        int count = 0;
        for (double[] vector : vectors) {
            double length =
                    Math.sqrt(Arrays.stream(vector).map(each -> each * each).sum());
            if (length > 0 && Double.isFinite(length)) {
                count++;
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += vector[i] / length;
                }
            }
        }
        // |Σu|² has each pair twice, and each unit vector with itself once.
        double squared = Arrays.stream(sum).map(each -> each * each).sum();
        return count < 2 ? Double.NaN : (squared - count) / ((double) count * (count - 1));
    }
}
