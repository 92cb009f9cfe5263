package dev.kindling.driver.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.aggregator.Clip;
import dev.kindling.driver.aggregator.FailurePolicy;
import dev.kindling.driver.aggregator.RunningStatistics;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ExecutorTimings;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.error.DivergedException;
import dev.kindling.driver.optimizer.MetaOptimizer;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.driver.optimizer.Schedule;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.optimizer.UpdateRule;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.regression.RegressionSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

class OuterLoopTest {
    private static final TaskSource SOURCE = TaskSources.open(
            new SourceDescription("regression", new RegressionSettings(new EpisodeSizes(2, 2, 2, 2)).toMap()),
            new Configuration());
    private static final Layout PER_TASK_OUTPUTS =
            Layout.builder().add("query_loss", Shape.scalar()).build();
    private static final int TASKS = 10;

    private final FlatVector theta = FlatVector.of(Precision.DOUBLE, 1, 1);

    @Test
    void failedTaskIsLeftOutWithTheRightWeight() {
        // Nine tasks with summed gradient (9, 18) and loss 27: the mean is (1, 2), SGD at rate 0.5 subtracts half of
        // it.
        TrainingListener.Round round = loop(0.1).round(0, returning(1, 9, 18), theta);
        assertThat(theta.toDoubles()).containsExactly(new double[] {0.5, 0}, within(1e-12));
        assertThat(round.number()).isEqualTo(1);
        assertThat(round.gradient().means()).containsEntry("query_loss", 3.0);
        assertThat(round.failed()).hasSize(1);
    }

    @Test
    void tooManyFailedTasksEndTheRunWithTaskAndRoundNamedAndThetaUnchanged() {
        assertThatThrownBy(() -> loop(0.1).round(17, returning(2, 9, 18), theta))
                .isInstanceOf(DivergedException.class)
                .hasMessageContaining("task 0 of round 17");
        assertThat(theta).isEqualTo(FlatVector.of(Precision.DOUBLE, 1, 1));
    }

    @Test
    void theLimitOfFailedTasksHoldsForEachMember() {
        OuterLoop two = new OuterLoop(
                new RunSettings(1, 100, 10, TASKS),
                List.of(new Sampler(SOURCE, 1, Split.TRAIN), new Sampler(SOURCE, 2, Split.TRAIN)),
                new FailurePolicy(FailurePolicy.Reaction.SKIP, 0.2),
                new Aggregator(new Clip.None(), RunningStatistics.NONE),
                new MetaOptimizer(
                        OptimizerSettings.descent(new Schedule.Constant(0.5)),
                        100,
                        Layout.builder().add("theta", Shape.of(2)).build(),
                        Precision.DOUBLE,
                        "reference"),
                round -> "train",
                PER_TASK_OUTPUTS);
        // The first member's tasks come first. Two of its ten tasks fail: means 8 / 8 and 20 / 10.
        two.round(0, returning(2, 8, 20), theta);
        assertThat(theta.toDoubles()).containsExactly(new double[] {0.5, 0}, within(1e-12));
        assertThatThrownBy(() -> two.round(1, returning(3, 8, 20), theta))
                .isInstanceOf(DivergedException.class)
                .hasMessageContaining("2 more of 10; task.failure-limit 0.2 allows 2");
    }

    @Test
    void thetaIsUnchangedIfTheNextOneWouldNotBeFinite() {
        assertThatThrownBy(() -> loop(0.1).round(0, returning(0, Double.MAX_VALUE, Double.MAX_VALUE), theta))
                .isInstanceOf(DivergedException.class);
        assertThat(theta).isEqualTo(FlatVector.of(Precision.DOUBLE, 1, 1));
    }

    @Test
    void linesAreWrittenEveryLogEveryRoundsAndAfterTheLastRound() {
        RunSettings every = new RunSettings(1, 25, 10, 1);
        assertThat(IntStream.rangeClosed(1, 25).filter(every::logsAfter)).containsExactly(10, 20, 25);
        RunSettings never = new RunSettings(1, 25, 0, 1);
        assertThat(IntStream.rangeClosed(1, 25).filter(never::logsAfter)).isEmpty();
    }

    /** s ← s - 0.1 (s - b): ten tasks at distance 2 contribute a sum of 20 each round, whatever the optimizer does. */
    @Test
    void runningStatisticsFollowTheirBatchesAndNeitherGradientNorDecayMovesThem() {
        Layout layout =
                Layout.builder().add("w", Shape.of(1)).add("mean", Shape.of(1)).build();
        RunningStatistics statistics = new RunningStatistics(layout, Map.of("mean", 0.1));
        OuterLoop loop = loop(
                0.1,
                statistics,
                new OptimizerSettings(
                        UpdateRule.ADAMW, new Schedule.Constant(0.5), UpdateRule.ADAMW.defaults(), 0.9, List.of()));
        for (int round = 0; round < 3; round++) {
            loop.round(round, returning(0, 9, 20), theta);
        }
        assertThat(theta.at(0)).as("the trained parameter").isNotCloseTo(1, within(0.1));
        assertThat(theta.at(1)).as("the running statistic").isCloseTo(1 - 3 * 0.1 * 2, within(1e-12));
    }

    private static OuterLoop loop(double failureLimit) {
        return loop(failureLimit, RunningStatistics.NONE, OptimizerSettings.descent(new Schedule.Constant(0.5)));
    }

    private static OuterLoop loop(double failureLimit, RunningStatistics statistics, OptimizerSettings optimizer) {
        return new OuterLoop(
                new RunSettings(1, 100, 10, TASKS),
                List.of(new Sampler(SOURCE, 1, Split.TRAIN)),
                new FailurePolicy(FailurePolicy.Reaction.SKIP, failureLimit),
                new Aggregator(new Clip.None(), statistics),
                new MetaOptimizer(
                        optimizer,
                        100,
                        Layout.builder().add("theta", Shape.of(2)).build(),
                        Precision.DOUBLE,
                        "reference"),
                round -> "train",
                PER_TASK_OUTPUTS);
    }

    /** A cluster on which the first tasks fail and the others' gradients add up to the given sums. */
    private static Cluster returning(int failures, double... sums) {
        return new Cluster() {
            @Override
            public RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher) {
                List<TaskSpec> specs = request.specs();
                List<FailedTask> failed = specs.subList(0, failures).stream()
                        .map(spec -> new FailedTask(spec.round(), spec.index(), "its loss is NaN"))
                        .toList();
                FlatVector total = FlatVector.of(Precision.DOUBLE, sums);
                int added = specs.size() - failures;
                return new RoundResult(
                        new PartialSum(4, 0, total, new double[] {27}, added),
                        failed,
                        new double[0],
                        Set.of(),
                        0,
                        0,
                        new ExecutorTimings(0, 0, 0, 0));
            }

            @Override
            public void close() {}
        };
    }
}
