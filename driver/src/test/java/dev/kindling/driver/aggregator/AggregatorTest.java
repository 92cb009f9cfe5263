package dev.kindling.driver.aggregator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.error.DivergedException;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AggregatorTest {
    private static final Layout TOTALS = Layout.builder()
            .add("query_loss", Shape.scalar())
            .add("support_loss", Shape.scalar())
            .build();

    private static PartialSum root(FlatVector sums, int tasks) {
        return new PartialSum(3, 0, sums, new double[] {10, 30}, tasks);
    }

    @Test
    void theMetaGradientIsTheMeanOverTheTasksThatWereAdded() {
        PartialSum root = root(FlatVector.of(Precision.FLOAT, 15, -20), 5);
        MetaGradient gradient = new Aggregator(new Clip.None(), RunningStatistics.NONE).aggregate(0, root, TOTALS);
        assertThat(gradient.gradient()).isEqualTo(FlatVector.of(Precision.FLOAT, 3, -4));
        assertThat(gradient.norm()).isEqualTo(5);
        assertThat(gradient.tasks()).isEqualTo(5);
        assertThat(gradient.means()).isEqualTo(Map.of("query_loss", 2.0, "support_loss", 6.0));
        assertThat(root.sums()).as("the root").isEqualTo(FlatVector.of(Precision.FLOAT, 15, -20));
    }

    @Test
    void clippingScalesToTheLimitAndReportsTheNormBefore() {
        PartialSum root = root(FlatVector.of(Precision.DOUBLE, 6, 8), 1);
        MetaGradient clipped = new Aggregator(Clip.byNorm(5), RunningStatistics.NONE).aggregate(0, root, TOTALS);
        assertThat(clipped.norm()).isEqualTo(10);
        assertThat(clipped.gradient().toDoubles())
                .usingComparatorWithPrecision(1e-15)
                .containsExactly(3, 4);
        MetaGradient small = new Aggregator(Clip.byNorm(10), RunningStatistics.NONE).aggregate(0, root, TOTALS);
        assertThat(small.gradient()).isEqualTo(FlatVector.of(Precision.DOUBLE, 6, 8));
    }

    @Test
    void clippingByValueLimitsEachElementAndReportsTheNormBefore() {
        PartialSum root = root(FlatVector.of(Precision.FLOAT, 6, -8, 0.5, -0.25), 2);
        MetaGradient clipped = new Aggregator(Clip.of(0, 2), RunningStatistics.NONE).aggregate(0, root, TOTALS);
        assertThat(clipped.gradient()).isEqualTo(FlatVector.of(Precision.FLOAT, 2, -2, 0.25, -0.125));
        assertThat(clipped.norm()).isCloseTo(Math.sqrt(9 + 16 + 0.0625 + 0.015625), within(1e-12));
        assertThat(Clip.of(3, 0)).isEqualTo(new Clip.ByNorm(3));
        assertThat(Clip.of(0, 0)).isEqualTo(new Clip.None());
    }

    @Test
    void theNormOfAFloatGradientIsTakenInDouble() {
        FlatVector large = FlatVector.zeros(Precision.FLOAT, 2);
        large.fill(1e30f);
        double norm = new Aggregator(Clip.byNorm(0), RunningStatistics.NONE)
                .aggregate(0, root(large, 1), TOTALS)
                .norm();
        assertThat(norm).isCloseTo((float) 1e30 * Math.sqrt(2), within(1e16));
    }

    @Test
    void theNormCountsEveryNumberWhateverTheSize() {
        for (Precision precision : Precision.values()) {
            for (int size = 1; size <= 9; size++) {
                FlatVector sums = FlatVector.zeros(precision, size);
                double squares = 0;
                for (int i = 0; i < size; i++) {
                    sums.set(i, 1 << i);
                    squares += Math.pow(4, i);
                }
                double norm = new Aggregator(new Clip.None(), RunningStatistics.NONE)
                        .aggregate(0, root(sums, 1), TOTALS)
                        .norm();
                assertThat(norm).as("%d of %s", size, precision).isEqualTo(Math.sqrt(squares));
            }
        }
    }

    @Test
    void eachMemberHasTheMeanOverItsOwnTasksAndIsClippedByItsOwnNorm() {
        PartialSum root = root(FlatVector.of(Precision.DOUBLE, 12, 16, 3, 4), 5);
        MetaGradient gradient =
                new Aggregator(Clip.byNorm(2), RunningStatistics.NONE).aggregate(0, root, TOTALS, new int[] {2, 3});
        assertThat(gradient.gradient().toDoubles())
                .usingComparatorWithPrecision(1e-15)
                .containsExactly(1.2, 1.6, 1, 4.0 / 3);
        assertThat(gradient.norm()).as("the mean of 10 and 5/3").isCloseTo(35.0 / 6, within(1e-12));
        assertThat(gradient.means()).containsEntry("query_loss", 2.0);
    }

    @Test
    void aMemberWithoutTasksOrWithoutAFiniteMeanEndsTheRunAndIsNamed() {
        Aggregator aggregator = new Aggregator(Clip.byNorm(2), RunningStatistics.NONE);
        PartialSum root = root(FlatVector.of(Precision.FLOAT, 1, 2, Double.NaN, 1), 4);
        assertThatThrownBy(() -> aggregator.aggregate(4, root, TOTALS, new int[] {4, 0}))
                .isInstanceOf(DivergedException.class)
                .hasMessage("round 4 has no meta-gradient of member 1: each of its tasks failed");
        assertThatThrownBy(() -> aggregator.aggregate(4, root, TOTALS, new int[] {2, 2}))
                .isInstanceOf(DivergedException.class)
                .hasMessageContaining("the meta-gradient of round 4 of member 1 is not finite");
    }

    @Test
    void noTasksAndNumbersThatAreNotFiniteEndTheRun() {
        Aggregator aggregator = new Aggregator(new Clip.None(), RunningStatistics.NONE);
        assertThatThrownBy(() -> aggregator.aggregate(4, root(FlatVector.of(Precision.FLOAT, 0), 0), TOTALS))
                .isInstanceOf(DivergedException.class)
                .hasMessageContaining("round 4");
        assertThatThrownBy(() ->
                        aggregator.aggregate(4, root(FlatVector.of(Precision.FLOAT, 1, Double.NaN), 2), TOTALS))
                .isInstanceOf(DivergedException.class)
                .hasMessageContaining("round 4 is not finite");
    }

    @Test
    void aLimitThatIsNoLimitIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Clip.byNorm(-1))
                .withMessage("optimizer.clip-norm is -1.0; it must be a finite number above 0, or 0 for no clipping");
        assertThatIllegalArgumentException().isThrownBy(() -> Clip.byNorm(Double.NaN));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Clip.of(0, -1))
                .withMessage("optimizer.clip-value is -1.0; it must be a finite number above 0, or 0 for no clipping");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Clip.of(1, 0.5))
                .withMessage("optimizer.clip-norm is 1.0 and optimizer.clip-value is 0.5; one of them must be 0");
    }

    @Test
    void failedTasksAreSkippedUpToTheLimitAndNamedAboveIt() {
        FailurePolicy policy = new FailurePolicy(FailurePolicy.Reaction.SKIP, 0.1);
        FailedTask first = new FailedTask(7, 3, "its loss is not finite");
        FailedTask second = new FailedTask(7, 8, "its loss is not finite");
        assertThatCode(() -> policy.accept(7, 10, List.of(first))).doesNotThrowAnyException();
        assertThatThrownBy(() -> policy.accept(7, 10, List.of(first, second)))
                .isInstanceOf(DivergedException.class)
                .hasMessage("task 3 of round 7 failed (its loss is not finite) and 1 more of 10;"
                        + " task.failure-limit 0.1 allows 1 of them to be left out");
        assertThatThrownBy(() -> new FailurePolicy(FailurePolicy.Reaction.SKIP, 1).accept(7, 1, List.of(first)))
                .isInstanceOf(DivergedException.class);
        assertThatThrownBy(() -> new FailurePolicy(FailurePolicy.Reaction.FAIL, 1).accept(7, 10, List.of(first)))
                .isInstanceOf(DivergedException.class)
                .hasMessageContaining("task.on-failure is fail");
        assertThatIllegalArgumentException().isThrownBy(() -> new FailurePolicy(FailurePolicy.Reaction.SKIP, 1.5));
    }

    @Test
    void runningStatisticsMoveATenthOfTheWayAndTakeNoPartInNormOrClipping() {
        Layout theta =
                Layout.builder().add("w", Shape.of(2)).add("mean", Shape.of(1)).build();
        RunningStatistics statistics = new RunningStatistics(theta, Map.of("mean", 0.1));
        PartialSum root = root(FlatVector.of(Precision.DOUBLE, 6, 8, 2000), 2);
        MetaGradient gradient = new Aggregator(Clip.byNorm(2.5), statistics).aggregate(0, root, TOTALS);
        assertThat(gradient.norm()).isEqualTo(5);
        assertThat(gradient.gradient().toDoubles()).containsExactly(1.5, 2, 0);
        FlatVector vector = FlatVector.of(Precision.DOUBLE, 1, 1, 7);
        FlatVector next = statistics.next(gradient, vector);
        statistics.put(next, vector);
        assertThat(vector.toDoubles()).containsExactly(1, 1, 7 - 0.1 * 1000);
    }
}
