package dev.kindling.driver.evaluation;

import java.util.Arrays;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * A mean with its 95% confidence interval.
 *
 * @param mean of the finite values; NaN if there are none
 * @param ci95 half the width of the interval (Student's t, n - 1 degrees of freedom); NaN for fewer than two values
 */
public record Interval(double mean, double ci95) {
    /** The interval over the finite values. */
    public static Interval of(double[] numbers) {
        double[] finite = Arrays.stream(numbers).filter(Double::isFinite).toArray();
        double mean = Arrays.stream(finite).average().orElse(Double.NaN);
        return new Interval(mean, halfWidth(finite, mean));
    }

    private static double halfWidth(double[] finite, double mean) {
        int n = finite.length;
        if (n < 2) {
            return Double.NaN;
        }
        double squares = Arrays.stream(finite)
                .map(number -> (number - mean) * (number - mean))
                .sum();
        double standardError = Math.sqrt(squares / (n - 1) / n);
        return TDistribution.of(n - 1).inverseSurvivalProbability(0.025) * standardError;
    }
}
