package dev.kindling.driver.evaluation;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.TDistribution;

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
        double[] finite = Arrays.stream(measures).filter(Double::isFinite).toArray();
        double mean = Arrays.stream(finite).average().orElse(Double.NaN);
        return new Statistics(
                mean,
                median(measures),
                halfWidth(finite, mean),
                measures.length - finite.length,
                worsened(measures, before, better));
    }

    private static double median(double[] measures) {
        double[] sorted = Arrays.stream(measures)
                .map(measure -> Double.isFinite(measure) ? measure : Double.POSITIVE_INFINITY)
                .sorted()
                .toArray();
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    private static double halfWidth(double[] finite, double mean) {
        int n = finite.length;
        if (n < 2) {
            return Double.NaN;
        }
        double squares = Arrays.stream(finite)
                .map(measure -> (measure - mean) * (measure - mean))
                .sum();
        double standardError = Math.sqrt(squares / (n - 1) / n);
        return TDistribution.of(n - 1).inverseSurvivalProbability(0.025) * standardError;
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
