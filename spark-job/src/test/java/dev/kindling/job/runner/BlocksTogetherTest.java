package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares blocks that a workspace runs in one batch with the same blocks run one by one. */
class BlocksTogetherTest {
    private static final BroadcastVector THETA =
            new BroadcastVector(1, FlatVector.of(Precision.DOUBLE, 0.1, -0.2, 0.3, 1.4, -2.5));
    private static final long ONE_TASK_MEMORY = 1;
    private static final long BATCH_MEMORY = 1 << 20;
    private static final int[] HOW = {0, 0, 0, Noise.LOSS_IS_NAN, 0, 0, Noise.SUM_OVERFLOWS, 0, 0, 0, 0};

    private static RangeResult run(String backend, long memory, int blockSize, OutputMode outputs) {
        CompileOptions options = new CompileOptions(Precision.DOUBLE, memory);
        CompiledJob compiled = new CompiledJob(Noise.job(backend, options, blockSize), new Noise());
        List<TaskSpec> specs = IntStream.range(0, HOW.length)
                .mapToObj(i -> Noise.spec(i, HOW[i]))
                .toList();
        int blocks = (HOW.length + blockSize - 1) / blockSize;
        return compiled.run(new RangeRequest("train", 1, blocks, 0, specs, outputs), THETA, "me");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void haveTheSameBitsAndTheSameBadTasks(int blockSize) {
        RangeResult together = run("nd4j", BATCH_MEMORY, blockSize, OutputMode.SUMS);
        RangeResult alone = run("nd4j", ONE_TASK_MEMORY, blockSize, OutputMode.SUMS);
        assertThat(together.sums()).isEqualTo(alone.sums());
        assertThat(together.failed()).hasSize(2).isEqualTo(alone.failed());
        List<PartialSum> plain =
                run("reference", BATCH_MEMORY, blockSize, OutputMode.SUMS).sums();
        assertThat(together.sums().get(0).sums().toDoubles())
                .containsExactly(plain.get(0).sums().toDoubles(), within(1e-12));
        assertThat(together.sums().get(0).tasks()).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void haveTheSameRowsAndShareTheirTime(int blockSize) {
        RangeResult together = run("nd4j", BATCH_MEMORY, blockSize, OutputMode.PER_TASK);
        RangeResult alone = run("nd4j", ONE_TASK_MEMORY, blockSize, OutputMode.PER_TASK);
        assertThat(together.perTaskOutputs()).containsExactly(alone.perTaskOutputs());
        assertThat(Arrays.stream(together.nanos().tasks()).distinct()).hasSize(1);
        assertThat(Arrays.stream(alone.nanos().tasks()).distinct()).hasSizeGreaterThan(1);
    }

    @Test
    void spansGiveBlocksBehindOneAnotherToTheThreadWhoseTheyAre() {
        WorkStealingRanges ranges = new WorkStealingRanges(10, 20, 2);
        int mine = ranges.assignSpan();
        int other = ranges.assignSpan();
        assertThat(ranges.take(mine)).isEqualTo(10);
        assertThat(ranges.takeNext(mine, 10, 0)).isZero();
        assertThat(ranges.takeNext(mine, 10, 3)).isEqualTo(3);
        assertThat(ranges.take(mine)).isEqualTo(14);
        assertThat(ranges.takeNext(mine, 14, 3)).as("its span has ended").isZero();
        int stolen = ranges.take(mine);
        assertThat(stolen).as("from the end of the other's").isEqualTo(19);
        assertThat(ranges.takeNext(mine, stolen, 3)).isZero();
        assertThat(ranges.take(other)).isEqualTo(15);
        assertThat(ranges.takeNext(other, 15, 100)).isEqualTo(3);
        assertThat(ranges.any()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "vector"})
    void backendsThatRunTaskAfterTaskWantOne(String backend) {
        Executable executable =
                Backends.named(backend).compile(Noise.program(), new CompileOptions(Precision.DOUBLE, BATCH_MEMORY));
        assertThat(executable.workspace(Device.PROCESSOR).tasksAtOnce()).isEqualTo(1);
    }
}
