package dev.kindling.driver.metrics;

import java.util.Arrays;

/**
 * The cost of a training run, from its metrics; NaN where these lack a value.
 *
 * @param rounds number of rounds
 * @param tasks number of training tasks
 * @param seconds wall time from its start to its last logged round, validations and checkpoints included
 * @param tasksPerSecond median over the logged lines, without validations and checkpoints
 * @param roundMilliseconds time of a round, from the median of tasks per second
 * @param bytesOut bytes per round from the driver to executors, mean over the logged rounds; 0 if rounds run in the driver
 * @param bytesIn bytes per round from executors to the driver, mean over the logged rounds
 */
public record TrainingCost(
        long rounds,
        long tasks,
        double seconds,
        double tasksPerSecond,
        double roundMilliseconds,
        double bytesOut,
        double bytesIn) {

    /**
     * The cost of a run.
     *
     * @param rounds number of rounds done
     * @param tasksPerRound tasks of each round
     */
    public static TrainingCost of(MetricsReader metrics, long rounds, int tasksPerRound) {
        double throughput = median(metrics.column("tasks_per_second"));
        return new TrainingCost(
                rounds,
                rounds * tasksPerRound,
                metrics.last("seconds"),
                throughput,
                1000 * tasksPerRound / throughput,
                mean(metrics.column("bytes_out")),
                mean(metrics.column("bytes_in")));
    }

    private static double mean(double[] numbers) {
        return Arrays.stream(numbers).filter(Double::isFinite).average().orElse(Double.NaN);
    }

    private static double median(double[] numbers) {
        double[] sorted =
                Arrays.stream(numbers).filter(Double::isFinite).sorted().toArray();
        int half = sorted.length / 2;
        if (sorted.length == 0) {
            return Double.NaN;
        }
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
