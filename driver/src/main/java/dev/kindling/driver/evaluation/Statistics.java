package dev.kindling.driver.evaluation;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A measure over many tasks.
 *
 * @param mean over the tasks whose measure is finite; NaN if there is none
 * @param median over all tasks, one whose measure is not finite counting as infinite
 * @param ci95 half the width of the 95% confidence interval of the mean (Student's t, n - 1); NaN below two tasks
 * @param diverged how many tasks' measures are not finite
 * @param worsened how many tasks are worse than the same task before its first step, those not finite included
 */
public record Statistics(double mean, double median, double ci95, int diverged, int worsened) {
    /** Which way is better. */
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
                median(measures),
                interval.ci95(),
                (int) Arrays.stream(measures)
                        .filter(measure -> !Double.isFinite(measure))
                        .count(),
                worsened(measures, before, better));
    }

    private static double median(double[] measures) {
        return Median.of(Arrays.stream(measures)
                .map(measure -> Double.isFinite(measure) ? measure : Double.POSITIVE_INFINITY)
                .toArray());
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
