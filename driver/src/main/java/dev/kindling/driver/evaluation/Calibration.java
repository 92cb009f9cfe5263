package dev.kindling.driver.evaluation;

import java.util.List;

/**
 * How well the model's probabilities agree with frequencies, with the largest number of support rows: for classes a reliability
 * table, for regression the distribution of standardised residuals.
 *
 * <p>A reliability table divides the rows by their predicted probability into ten bins of equal width (Guo et al., ICML 2017,
 * equation 3). With two classes the probability is that of the second one; with more it is that of the most probable class, and
 * the event is that this class is the true one. The expected calibration error is the mean over rows of |mean prediction of the
 * bin - frequency in the bin|.
 *
 * <p>A residual is (label - prediction) / predicted standard deviation, which has a standard normal distribution where the
 * predictive distributions are right.
 *
 * @param kind of the bins
 * @param bins all of them, ascending; empty for a regression without variances
 */
public record Calibration(Kind kind, List<Bin> bins) {
    /** What the bins divide. */
    public enum Kind {
        RELIABILITY,
        RESIDUALS
    }

    /**
     * A bin.
     *
     * @param from lower end; that of the first bin of residuals stands for -∞
     * @param to upper end; that of the last bin of residuals stands for ∞
     * @param fraction of the weight of all rows that is in the bin
     * @param expected mean predicted probability of its rows; for residuals the probability of the bin under the standard normal
     *     distribution. NaN for an empty bin of a reliability table
     * @param observed frequency of the event; for residuals equal to {@code fraction}. NaN as {@code expected}
     */
    public record Bin(double from, double to, double fraction, double expected, double observed) {}

    public Calibration {
        bins = List.copyOf(bins);
    }

    /** The expected calibration error of a reliability table. */
    public double error() {
        return bins.stream()
                .filter(bin -> bin.fraction() > 0)
                .mapToDouble(bin -> bin.fraction() * Math.abs(bin.expected() - bin.observed()))
                .sum();
    }
}
