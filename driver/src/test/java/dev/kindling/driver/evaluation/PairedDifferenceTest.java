package dev.kindling.driver.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.evaluation.Statistics.Better;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Expected numbers come from SciPy 1.17.1: {@code d = a - b}, {@code stats.ttest_rel(a, b).confidence_interval(0.95)},
 * {@code numpy.median(d)}, {@code stats.wilcoxon(d, method="exact")}.
 */
class PairedDifferenceTest {
    private static final double[] A = {0.52, 0.31, 1.90, 0.44, 0.77, 2.35, 0.12, 0.98, 0.65, 1.10, 0.29, 3.02};
    private static final double[] B = {0.61, 0.30, 2.40, 0.49, 0.70, 2.95, 0.25, 1.30, 0.67, 1.07, 0.55, 2.61};

    @Test
    void agreesWithAnIndependentProgram() {
        PairedDifference difference = PairedDifference.of(A, B, Better.LOWER);
        assertThat(difference.interval().mean()).isEqualTo(-0.12083333333333333, within(1e-12));
        assertThat(difference.interval().ci95()).isEqualTo(0.17206159088221032, within(1e-12));
        assertThat(difference.median()).isEqualTo(-0.06999999999999998, within(1e-12));
        assertThat(difference.wilcoxon()).isEqualTo(0.12939453125, within(1e-12));
        assertThat(difference.better()).isEqualTo(8);
        assertThat(difference.worse()).isEqualTo(4);
        assertThat(difference.leftOut()).isZero();
        assertThat(PairedDifference.of(A, B, Better.HIGHER).better()).isEqualTo(4);
    }

    @Test
    void aTaskThatDivergedForOneIsLeftOutForBoth() {
        double[] a = {1, Double.NaN, 3, 4};
        double[] b = {0, 1, Double.POSITIVE_INFINITY, 2};
        PairedDifference difference = PairedDifference.of(a, b, Better.LOWER);
        assertThat(difference.interval().mean()).isEqualTo(1.5);
        assertThat(difference.leftOut()).isEqualTo(2);
    }

    @Test
    void equalMeasuresDifferInNothing() {
        PairedDifference difference = PairedDifference.of(A, A, Better.LOWER);
        assertThat(difference.interval()).isEqualTo(new Interval(0, 0));
        assertThat(difference.wilcoxon()).isEqualTo(1);
        assertThat(difference.better()).isZero();
    }

    @Test
    void differentNumbersOfTasksCannotBePaired() {
        assertThatThrownBy(() -> PairedDifference.of(A, new double[] {1}, Better.LOWER))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("12 tasks cannot be paired with 1");
    }

    /** Results with the given losses, [tasks][steps]. */
    private static PerTaskResults table(double[][] losses) {
        PerTaskResults results = new PerTaskResults(
                losses.length,
                Layout.builder().add("loss", Shape.of(losses[0].length)).build());
        for (int task = 0; task < losses.length; task++) {
            results.put(task, losses[task], new long[] {1}, new String[] {"local"});
        }
        return results;
    }

    /** One seed for each of the given means. */
    private static EntrantScores seeds(String name, double... means) {
        return new EntrantScores(
                name,
                Arrays.stream(means)
                        .mapToObj(mean -> table(new double[][] {{mean - 0.1}, {mean + 0.1}}))
                        .toList());
    }

    @Test
    void seedsArePairedInTheirOrder() {
        EntrantScores a = seeds("a", 0.421, 0.388, 0.455, 0.402, 0.431);
        EntrantScores b = seeds("b", 0.512, 0.449, 0.530, 0.478, 0.547);
        Interval interval = a.minusOverSeeds(b, Measure.LOSS, 0);
        assertThat(interval.mean()).isEqualTo(-0.0838, within(1e-12));
        assertThat(interval.ci95()).isEqualTo(0.025947509819882947, within(1e-12));
        // Over tasks the seeds are averaged first: both tasks differ by the same, so nothing is uncertain.
        assertThat(a.minus(b, Measure.LOSS, 0).interval().ci95()).isEqualTo(0, within(1e-12));
    }

    @Test
    void differentNumbersOfSeedsHaveNoIntervalOverSeeds() {
        assertThat(seeds("a", 1, 2)
                        .minusOverSeeds(seeds("b", 1, 2, 3), Measure.LOSS, 0)
                        .mean())
                .isNaN();
    }

    @Test
    void aMethodWithoutInnerStepsHasTheSameScoreAfterAnyNumberOfSteps() {
        EntrantScores still = new EntrantScores("still", List.of(table(new double[][] {{0.5}, {0.7}})));
        EntrantScores moving = new EntrantScores("moving", List.of(table(new double[][] {{2, 0.4}, {2, 0.4}})));
        assertThat(still.minus(moving, Measure.LOSS, 1).interval().mean()).isEqualTo(0.2, within(1e-12));
        assertThat(new Comparison(
                                new Protocol(
                                        "s",
                                        "test",
                                        IntRange.of(0),
                                        IntRange.of(1),
                                        IntRange.of(1),
                                        0,
                                        Optional.empty(),
                                        Optional.empty(),
                                        2,
                                        1,
                                        "query",
                                        2),
                                List.of(still, moving))
                        .steps())
                .isEqualTo(2);
    }
}
