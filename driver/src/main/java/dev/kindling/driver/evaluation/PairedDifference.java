package dev.kindling.driver.evaluation;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.commons.statistics.inference.WilcoxonSignedRankTest;

/**
 * The paired difference of two measures on the same tasks, the first minus the second. Tasks on which one of the two is not
 * finite are left out.
 *
 * @param interval mean of the differences with its 95% confidence interval over tasks
 * @param median of the differences; NaN if there are none
 * @param better number of tasks on which the first is better
 * @param worse number of tasks on which the first is worse
 * @param leftOut number of tasks that were left out
 * @param wilcoxon two-sided p-value of Wilcoxon's signed-rank test for differences that are symmetric around 0; 1 if all
 *     differences are 0
 */
public record PairedDifference(Interval interval, double median, int better, int worse, int leftOut, double wilcoxon) {
    /** The difference of two measures; IllegalArgumentException if the numbers of tasks differ. */
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
                differences.length == 0 ? Double.NaN : Statistics.median(differences),
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
