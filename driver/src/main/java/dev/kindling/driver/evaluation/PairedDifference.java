package dev.kindling.driver.evaluation;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.commons.statistics.inference.WilcoxonSignedRankTest;

/**
 * Two measures of the same tasks, one minus the other. Tasks on which one of the two is not finite are left out.
 *
 * @param interval mean of the differences with its 95% confidence interval over tasks
 * @param median of the differences; NaN over nothing
 * @param better tasks on which the first is better
 * @param worse tasks on which the first is worse
 * @param leftOut tasks that were left out
 * @param wilcoxon p-value of the signed-rank test that the differences lie symmetrically around 0, two-sided; 1 where all
 *     are 0
 */
public record PairedDifference(Interval interval, double median, int better, int worse, int leftOut, double wilcoxon) {
    /** The differences of two measures; IllegalArgumentException if they are not of equally many tasks. */
    public static PairedDifference of(double[] first, double[] second, Statistics.Better better) {
        if (first.length != second.length) {
            throw new IllegalArgumentException(
                    first.length + " tasks cannot be paired with " + second.length + "; they must be the same ones");
        }
        double[] differences = IntStream.range(0, first.length)
                .mapToDouble(task -> first[task] - second[task])
                .filter(Double::isFinite)
                .toArray();
        int above = (int) Arrays.stream(differences).filter(each -> each > 0).count();
        int below = (int) Arrays.stream(differences).filter(each -> each < 0).count();
        boolean lower = better == Statistics.Better.LOWER;
        return new PairedDifference(
                Interval.of(differences),
                differences.length == 0 ? Double.NaN : Median.of(differences),
                lower ? below : above,
                lower ? above : below,
                first.length - differences.length,
                above + below == 0
                        ? 1
                        : WilcoxonSignedRankTest.withDefaults()
                                .test(differences)
                                .getPValue());
    }
}
