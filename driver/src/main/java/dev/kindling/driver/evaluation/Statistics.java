package dev.kindling.driver.evaluation;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Statistics of a measure over many tasks.
 *
 * @param mean over the tasks whose measure is finite; NaN if there is none
 * @param median over all tasks; a measure that is not finite counts as infinite
 * @param ci95 half the width of the 95% confidence interval of the mean (Student's t, n - 1 degrees of freedom); NaN for
 *     fewer than two tasks
 * @param diverged number of tasks whose measure is not finite
 * @param worsened number of tasks with a worse measure than before their first inner step, diverged ones included
 */
public record Statistics(double mean, double median, double ci95, int diverged, int worsened) {
    /** Which direction is better. */
    public enum Better {
        LOWER,
        HIGHER
    }

    /**
     * The statistics of a measure.
     *
     * @param measures one for each task
     * @param before the same measure of the same tasks before the first step
     */
    public static Statistics of(double[] measures, double[] before, Better better) {
        Interval interval = Interval.of(measures);
        return new Statistics(
                interval.mean(),
                medianOfAll(measures),
                interval.ci95(),
                (int) Arrays.stream(measures)
                        .filter(measure -> !Double.isFinite(measure))
                        .count(),
                worsened(measures, before, better));
    }

    private static double medianOfAll(double[] measures) {
        return median(Arrays.stream(measures)
                .map(measure -> Double.isFinite(measure) ? measure : Double.POSITIVE_INFINITY)
                .toArray());
    }

    /** The median of at least one number; a NaN counts as infinite. */
    static double median(double[] numbers) {
        double[] sorted = Arrays.stream(numbers)
                .map(number -> Double.isNaN(number) ? Double.POSITIVE_INFINITY : number)
                .sorted()
                .toArray();
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    private static int worsened(double[] measures, double[] before, Better better) {
        return (int) IntStream.range(0, measures.length)
                .filter(task -> worse(measures[task], before[task], better))
                .count();
    }

    private static boolean worse(double measure, double before, Better better) {
        if (!Double.isFinite(measure)) {
            return Double.isFinite(before);
        }
        return better == Better.LOWER ? measure > before : measure < before;
    }
}
