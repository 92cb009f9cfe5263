package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.BadDataException;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.FailedTask;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.Variants;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunnerTest {
    private static final SharedVector THETA =
            new SharedVector(1, Storage.of(Precision.DOUBLE, 0.1, -0.2, 0.3, 1.4, -2.5));

    private static WorkReply run(int blockSize, int... how) {
        return run(new Runner(Noise.job(Precision.DOUBLE, blockSize), new Noise()), blockSize, false, how);
    }

    private static WorkReply run(Runner runner, int blockSize, boolean rows, int... how) {
        List<TaskSpec> specs = IntStream.range(0, how.length)
                .mapToObj(i -> Noise.spec(i, how[i]))
                .toList();
        int blocks = (how.length + blockSize - 1) / blockSize;
        return runner.run(new WorkOrder("train", 1, blocks, 0, specs, rows), THETA, "me");
    }

    private static double[] all(WorkReply reply) {
        FoldNode root = reply.nodes().get(0);
        assertThat(reply.nodes()).hasSize(1);
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

    private static WorkReply single(int task) {
        Runner runner = new Runner(Noise.job(Precision.DOUBLE, 1), new Noise());
        return runner.run(new WorkOrder("train", 1, 1, 0, List.of(Noise.spec(task, 0)), false), THETA, "me");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void badTasksAreLeftOutAndNamed(int blockSize) {
        WorkReply reply = run(blockSize, 0, Noise.LOSS_IS_NAN, 0, Noise.SUM_OVERFLOWS, 0);
        assertThat(reply.failed())
                .containsExactly(
                        new FailedTask(6, 1, "query_loss is NaN"),
                        new FailedTask(6, 3, "meta-gradient of w is not finite"));
        assertThat(reply.nodes().stream().mapToInt(FoldNode::tasks).sum()).isEqualTo(3);
        assertThat(all(reply)).doesNotContain(Double.NaN);
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
        WorkReply reply = run(2, Noise.LOSS_IS_NAN, Noise.LOSS_IS_NAN);
        assertThat(reply.nodes().get(0).tasks()).isZero();
        assertThat(reply.nodes().get(0).sums().toDoubles()).containsOnly(0);
    }

    @Test
    void whereRowsAreWantedNothingIsLeftOut() {
        Runner runner = new Runner(Noise.job(Precision.DOUBLE, 2), new Noise());
        WorkReply reply = run(runner, 2, true, 0, Noise.LOSS_IS_NAN, 0);
        assertThat(reply.failed()).isEmpty();
        assertThat(reply.rows()).hasSize(6);
        assertThat(reply.rows()[0]).isEqualTo(all(single(0))[5]);
        assertThat(reply.rows()[2]).isNaN();
        assertThat(reply.rows()[4]).isEqualTo(all(single(2))[5]);
    }

    @Test
    void runningAgainAndUsingArraysAgainGivesTheSameBits() {
        Runner runner = new Runner(Noise.job(Precision.DOUBLE, 2), new Noise());
        int[] how = {0, 0, 0, Noise.LOSS_IS_NAN, 0, 0, 0, 0, 0};
        WorkReply first = run(runner, 2, false, how);
        double[] kept = all(first);
        for (int i = 0; i < 5; i++) {
            assertThat(all(run(runner, 2, false, how))).containsExactly(kept);
        }
        assertThat(all(first)).as("a reply keeps its arrays").containsExactly(kept);
    }

    @Test
    void aVectorOfTheSameVersionButAnotherClusterIsSharedAnew() {
        Runner runner = new Runner(Noise.job(Precision.DOUBLE, 1), new Noise());
        double[] before = all(run(runner, 1, false, 0));
        SharedVector other = new SharedVector(1, Storage.zeros(Precision.DOUBLE, 5));
        WorkReply reply = runner.run(new WorkOrder("train", 1, 1, 0, List.of(Noise.spec(0, 0)), false), other, "me");
        assertThat(all(reply)[0]).isNotEqualTo(before[0]);
    }

    @Test
    void badDataComesThroughAndTheNextOrderRuns() {
        Runner runner = new Runner(Noise.job(Precision.DOUBLE, 2), new Noise());
        assertThatThrownBy(() -> run(runner, 2, false, 0, Noise.NO_DATA))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("task 1 of round 6");
        assertThat(all(run(runner, 2, false, 0))).containsExactly(all(single(0)));
    }

    @Test
    void anOrderThatDoesNotFitTheJobIsRefused() {
        Runner runner = new Runner(Noise.job(Precision.DOUBLE, 2), new Noise());
        List<TaskSpec> three = List.of(Noise.spec(0, 0), Noise.spec(1, 0), Noise.spec(2, 0));
        for (WorkOrder order : List.of(
                new WorkOrder("evaluate", 1, 2, 0, three, false),
                new WorkOrder("train", 2, 2, 0, three, false),
                new WorkOrder("train", 1, 3, 0, three, false),
                new WorkOrder("train", 1, 1, 0, three, false),
                new WorkOrder("train", 1, 3, 1, three, false),
                new WorkOrder("train", 1, 3, 0, List.of(), false))) {
            assertThatThrownBy(() -> runner.run(order, THETA, "me")).isInstanceOf(IllegalStateException.class);
        }
        SharedVector shorter = new SharedVector(1, Storage.zeros(Precision.DOUBLE, 4));
        assertThatThrownBy(() -> runner.run(new WorkOrder("train", 1, 2, 0, three, false), shorter, "me"))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aProgramThatAsksForTheTasksKeyGetsIt() {
        Builder b = new Builder();
        b.input("w", Shape.of(5), Program.Kind.SHARED);
        EpisodeLayout layout = new Noise().layout(Purpose.TRAIN);
        Value last = b.constant(0);
        for (Layout.Entry entry : layout.arraysAnd(List.of(EpisodeLayout.KEY)).entries()) {
            last = b.input(entry.name(), entry.shape(), Program.Kind.TASK);
        }
        Program program = b.build("keys", List.of(new Program.Output("key", Program.Role.EACH, last)));
        Job noise = Noise.job(Precision.FLOAT, 2);
        Job job = new Job(
                noise.source(), "vector", noise.options(), 2, new TreeMap<>(Map.of("keys", Variants.of(program))));
        List<TaskSpec> specs = List.of(Noise.spec(0, 0), Noise.spec(1, 0));
        SharedVector theta = new SharedVector(1, Storage.zeros(Precision.FLOAT, 5));
        WorkReply reply = new Runner(job, new Noise()).run(new WorkOrder("keys", 1, 1, 0, specs, true), theta, "me");
        double[] expected = specs.stream()
                .flatMapToInt(spec -> IntStream.of(spec.key()))
                .asDoubleStream()
                .toArray();
        assertThat(reply.rows()).containsExactly(expected);
        assertThat(specs.get(0).key()).isNotEqualTo(specs.get(1).key());
    }
}
