package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompiledJobTest {
    private static final BroadcastVector THETA =
            new BroadcastVector(1, FlatVector.of(Precision.DOUBLE, 0.1, -0.2, 0.3, 1.4, -2.5));

    private static RangeResult run(int blockSize, int... how) {
        return run(
                new CompiledJob(Noise.job(Precision.DOUBLE, blockSize), new Noise()), blockSize, OutputMode.SUMS, how);
    }

    private static RangeResult run(CompiledJob compiled, int blockSize, OutputMode outputs, int... how) {
        List<TaskSpec> specs = IntStream.range(0, how.length)
                .mapToObj(i -> Noise.spec(i, how[i]))
                .toList();
        int blocks = (how.length + blockSize - 1) / blockSize;
        return compiled.run(new RangeRequest("train", 1, blocks, 0, specs, outputs), THETA, "me");
    }

    private static double[] all(RangeResult result) {
        PartialSum root = result.sums().get(0);
        assertThat(result.sums()).hasSize(1);
        double[] numbers = Arrays.copyOf(root.sums().toDoubles(), root.sums().size() + root.totals().length);
        System.arraycopy(root.totals(), 0, numbers, root.sums().size(), root.totals().length);
        return numbers;
    }

    @Test
    void sumsAndTotalsAreThoseOfTheTasksOneByOne() {
        double[] expected = new double[7];
        for (int task = 0; task < 2; task++) {
            double[] one = all(single(task));
            for (int i = 0; i < one.length; i++) {
                expected[i] += one[i];
            }
        }
        assertThat(all(run(2, 0, 0))).containsExactly(expected);
    }

    private static RangeResult single(int task) {
        CompiledJob compiled = new CompiledJob(Noise.job(Precision.DOUBLE, 1), new Noise());
        return compiled.run(
                new RangeRequest("train", 1, 1, 0, List.of(Noise.spec(task, 0)), OutputMode.SUMS), THETA, "me");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void badTasksAreLeftOutAndNamed(int blockSize) {
        RangeResult result = run(blockSize, 0, Noise.LOSS_IS_NAN, 0, Noise.SUM_OVERFLOWS, 0);
        assertThat(result.failed())
                .containsExactly(
                        new FailedTask(6, 1, "query_loss is NaN"),
                        new FailedTask(6, 3, "meta-gradient of w is not finite"));
        assertThat(result.sums().stream().mapToInt(PartialSum::tasks).sum()).isEqualTo(3);
        assertThat(all(result)).doesNotContain(Double.NaN);
    }

    @Test
    void aBlockWithABadTaskIsTheSumOfTheOthersInOrder() {
        double[] first = all(single(0));
        double[] third = all(single(2));
        double[] expected = IntStream.range(0, first.length)
                .mapToDouble(i -> first[i] + third[i])
                .toArray();
        assertThat(all(run(4, 0, Noise.LOSS_IS_NAN, 0))).containsExactly(expected);
    }

    @Test
    void aBlockOfBadTasksCountsNone() {
        RangeResult result = run(2, Noise.LOSS_IS_NAN, Noise.LOSS_IS_NAN);
        assertThat(result.sums().get(0).tasks()).isZero();
        assertThat(result.sums().get(0).sums().toDoubles()).containsOnly(0);
    }

    @Test
    void whereRowsAreWantedNothingIsLeftOut() {
        CompiledJob compiled = new CompiledJob(Noise.job(Precision.DOUBLE, 2), new Noise());
        RangeResult result = run(compiled, 2, OutputMode.PER_TASK, 0, Noise.LOSS_IS_NAN, 0);
        assertThat(result.failed()).isEmpty();
        assertThat(result.perTaskOutputs()).hasSize(6);
        assertThat(result.perTaskOutputs()[0]).isEqualTo(all(single(0))[5]);
        assertThat(result.perTaskOutputs()[2]).isNaN();
        assertThat(result.perTaskOutputs()[4]).isEqualTo(all(single(2))[5]);
    }

    @Test
    void runningAgainAndUsingArraysAgainGivesTheSameBits() {
        CompiledJob compiled = new CompiledJob(Noise.job(Precision.DOUBLE, 2), new Noise());
        int[] how = {0, 0, 0, Noise.LOSS_IS_NAN, 0, 0, 0, 0, 0};
        RangeResult first = run(compiled, 2, OutputMode.SUMS, how);
        double[] copy = all(first);
        for (int i = 0; i < 5; i++) {
            assertThat(all(run(compiled, 2, OutputMode.SUMS, how))).containsExactly(copy);
        }
        assertThat(all(first)).as("a reply keeps its arrays").containsExactly(copy);
    }

    @Test
    void aVectorOfTheSameVersionButAnotherClusterIsSharedAnew() {
        CompiledJob compiled = new CompiledJob(Noise.job(Precision.DOUBLE, 1), new Noise());
        double[] before = all(run(compiled, 1, OutputMode.SUMS, 0));
        BroadcastVector other = new BroadcastVector(1, FlatVector.zeros(Precision.DOUBLE, 5));
        RangeResult result = compiled.run(
                new RangeRequest("train", 1, 1, 0, List.of(Noise.spec(0, 0)), OutputMode.SUMS), other, "me");
        assertThat(all(result)[0]).isNotEqualTo(before[0]);
    }

    @Test
    void badDataIsReportedAndTheNextRangeRuns() {
        CompiledJob compiled = new CompiledJob(Noise.job(Precision.DOUBLE, 2), new Noise());
        assertThatThrownBy(() -> run(compiled, 2, OutputMode.SUMS, 0, Noise.NO_DATA))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("task 1 of round 6");
        assertThat(all(run(compiled, 2, OutputMode.SUMS, 0))).containsExactly(all(single(0)));
    }

    @Test
    void aRangeThatDoesNotFitTheJobIsRefused() {
        CompiledJob compiled = new CompiledJob(Noise.job(Precision.DOUBLE, 2), new Noise());
        List<TaskSpec> three = List.of(Noise.spec(0, 0), Noise.spec(1, 0), Noise.spec(2, 0));
        for (RangeRequest request : List.of(
                new RangeRequest("evaluate", 1, 2, 0, three, OutputMode.SUMS),
                new RangeRequest("train", 2, 2, 0, three, OutputMode.SUMS),
                new RangeRequest("train", 1, 3, 0, three, OutputMode.SUMS),
                new RangeRequest("train", 1, 1, 0, three, OutputMode.SUMS),
                new RangeRequest("train", 1, 3, 1, three, OutputMode.SUMS),
                new RangeRequest("train", 1, 3, 0, List.of(), OutputMode.SUMS))) {
            assertThatThrownBy(() -> compiled.run(request, THETA, "me")).isInstanceOf(IllegalStateException.class);
        }
        BroadcastVector shorter = new BroadcastVector(1, FlatVector.zeros(Precision.DOUBLE, 4));
        assertThatThrownBy(
                        () -> compiled.run(new RangeRequest("train", 1, 2, 0, three, OutputMode.SUMS), shorter, "me"))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aProgramThatAsksForTheTasksKeyGetsIt() {
        ProgramBuilder b = new ProgramBuilder();
        b.input("w", Shape.of(5), Program.Scope.BROADCAST);
        EpisodeLayout layout = new Noise().layout(Split.TRAIN);
        Value last = b.constant(0);
        for (Layout.Entry entry : layout.arraysAnd(List.of(EpisodeLayout.KEY)).entries()) {
            last = b.input(entry.name(), entry.shape(), Program.Scope.TASK);
        }
        Program program = b.build("keys", List.of(new Program.Output("key", Program.Reduction.PER_TASK, last)));
        Job noise = Noise.job(Precision.FLOAT, 2);
        Job job = new Job(
                noise.source(),
                "vector",
                noise.options(),
                2,
                new TreeMap<>(Map.of("keys", ProgramVariants.of(program))));
        List<TaskSpec> specs = List.of(Noise.spec(0, 0), Noise.spec(1, 0));
        BroadcastVector theta = new BroadcastVector(1, FlatVector.zeros(Precision.FLOAT, 5));
        RangeResult result = new CompiledJob(job, new Noise())
                .run(new RangeRequest("keys", 1, 1, 0, specs, OutputMode.PER_TASK), theta, "me");
        double[] expected = specs.stream()
                .flatMapToInt(spec -> IntStream.of(spec.key()))
                .asDoubleStream()
                .toArray();
        assertThat(result.perTaskOutputs()).containsExactly(expected);
        assertThat(specs.get(0).key()).isNotEqualTo(specs.get(1).key());
    }
}
