package dev.kindling.driver.metrics;

import java.util.Arrays;

/**
 * What a training cost, as its metrics tell; NaN where they do not.
 *
 * @param rounds how many
 * @param tasks how many tasks it has seen
 * @param seconds from its beginning to its last logged round, validations and checkpoints included
 * @param tasksPerSecond median of the logged lines, whose times leave validations and checkpoints out
 * @param roundMilliseconds mean time of a round, from the median of tasks per second
 * @param bytesOut from the driver to executors in a round, mean of the logged ones; 0 where rounds run in the driver's JVM
 * @param bytesIn from executors to the driver in a round
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
     * @param rounds that it has done
     * @param tasksPerRound of each
     */
    public static TrainingCost of(MetricsReader metrics, long rounds, int tasksPerRound) {
        double pace = median(metrics.column("tasks_per_second"));
        return new TrainingCost(
                rounds,
                rounds * tasksPerRound,
                metrics.last("seconds"),
                pace,
                1000 * tasksPerRound / pace,
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
