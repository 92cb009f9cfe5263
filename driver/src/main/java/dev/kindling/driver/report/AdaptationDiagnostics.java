package dev.kindling.driver.report;

import dev.kindling.job.task.TaskSpec;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Diagnostics of a model's adaptation, on a small number of tasks.
 *
 * @param before losses of test tasks before the first inner step
 * @param after losses of the same tasks after the last inner step
 * @param steps number of inner steps
 * @param agreement mean cosine between the meta-gradients of pairs of training tasks: 1 if all are parallel, 0 if they are
 *     orthogonal; NaN if the contributions are 0
 * @param pairedTasks number of training tasks for the agreement
 */
record AdaptationDiagnostics(double[] before, double[] after, int steps, double agreement, int pairedTasks) {
    private static final int TEST_TASKS = 200;
    private static final int TRAINING_TASKS = 16;

    /**
     * Computes the diagnostics of a model.
     *
     * @param round whose training tasks are used for the agreement
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

    /** The fraction of tasks with a lower loss after adaptation. */
    double gaining() {
        return IntStream.range(0, before.length)
                        .filter(task -> after[task] < before[task])
                        .count()
                / (double) before.length;
    }

    /** Mean cosine over all pairs; NaN for fewer than two non-zero vectors. */
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
        // |Σu|² counts each pair twice, and each unit vector with itself once.
        double squared = Arrays.stream(sum).map(each -> each * each).sum();
        return count < 2 ? Double.NaN : (squared - count) / ((double) count * (count - 1));
    }
}
