package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Blocks that a workspace runs at once, because it wants more tasks than one block has, against the same one by one. */
class BlocksTogetherTest {
    private static final SharedVector THETA =
            new SharedVector(1, Storage.of(Precision.DOUBLE, 0.1, -0.2, 0.3, 1.4, -2.5));
    private static final long ROOM_FOR_ONE_TASK = 1;
    private static final long ROOM_FOR_ALL = 1 << 20;
    private static final int[] HOW = {0, 0, 0, Noise.LOSS_IS_NAN, 0, 0, Noise.SUM_OVERFLOWS, 0, 0, 0, 0};

    private static WorkReply run(String backend, long memory, int blockSize, boolean rows) {
        CompileOptions options = new CompileOptions(Precision.DOUBLE, memory);
        Runner runner = new Runner(Noise.job(backend, options, blockSize), new Noise());
        List<TaskSpec> specs = IntStream.range(0, HOW.length)
                .mapToObj(i -> Noise.spec(i, HOW[i]))
                .toList();
        int blocks = (HOW.length + blockSize - 1) / blockSize;
        return runner.run(new WorkOrder("train", 1, blocks, 0, specs, rows), THETA, "me");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void haveTheSameBitsAndTheSameBadTasks(int blockSize) {
        WorkReply together = run("nd4j", ROOM_FOR_ALL, blockSize, false);
        WorkReply alone = run("nd4j", ROOM_FOR_ONE_TASK, blockSize, false);
        assertThat(together.nodes()).isEqualTo(alone.nodes());
        assertThat(together.failed()).hasSize(2).isEqualTo(alone.failed());
        List<FoldNode> plain = run("plain", ROOM_FOR_ALL, blockSize, false).nodes();
        assertThat(together.nodes().get(0).sums().toDoubles())
                .containsExactly(plain.get(0).sums().toDoubles(), within(1e-12));
        assertThat(together.nodes().get(0).tasks()).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void haveTheSameRowsAndShareTheirTime(int blockSize) {
        WorkReply together = run("nd4j", ROOM_FOR_ALL, blockSize, true);
        WorkReply alone = run("nd4j", ROOM_FOR_ONE_TASK, blockSize, true);
        assertThat(together.rows()).containsExactly(alone.rows());
        assertThat(Arrays.stream(together.nanos().tasks()).distinct()).hasSize(1);
        assertThat(Arrays.stream(alone.nanos().tasks()).distinct()).hasSizeGreaterThan(1);
    }

    @Test
    void spansGiveBlocksBehindOneAnotherToTheThreadWhoseTheyAre() {
        Spans spans = new Spans(10, 20, 2);
        int mine = spans.home();
        int other = spans.home();
        assertThat(spans.take(mine)).isEqualTo(10);
        assertThat(spans.takeBehind(mine, 10, 0)).isZero();
        assertThat(spans.takeBehind(mine, 10, 3)).isEqualTo(3);
        assertThat(spans.take(mine)).isEqualTo(14);
        assertThat(spans.takeBehind(mine, 14, 3)).as("its span has ended").isZero();
        int stolen = spans.take(mine);
        assertThat(stolen).as("from the end of the other's").isEqualTo(19);
        assertThat(spans.takeBehind(mine, stolen, 3)).isZero();
        assertThat(spans.take(other)).isEqualTo(15);
        assertThat(spans.takeBehind(other, 15, 100)).isEqualTo(3);
        assertThat(spans.any()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "vector"})
    void backendsThatRunTaskAfterTaskWantOne(String backend) {
        Executable executable =
                Backends.named(backend).compile(Noise.program(), new CompileOptions(Precision.DOUBLE, ROOM_FOR_ALL));
        assertThat(executable.workspace(Device.PROCESSOR).tasksAtOnce()).isEqualTo(1);
    }
}
