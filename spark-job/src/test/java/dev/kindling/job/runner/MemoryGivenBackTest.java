package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.program.Program;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests that workspaces free the memory that they hold outside the Java heap. */
class MemoryGivenBackTest {
    private static final BroadcastVector THETA = new BroadcastVector(1, FlatVector.of(Precision.DOUBLE, 1, 2, 3, 4, 5));
    private static final int BUDGET = 1000;

    private final List<Held> made = new ArrayList<>();
    private long bytesOfEach = BUDGET;

    /** A workspace of the reference backend with a configurable size, which records that it was closed. */
    private final class Held implements Workspace {
        private final Workspace plain;
        private boolean closed;

        Held(Workspace plain) {
            this.plain = plain;
            made.add(this);
        }

        @Override
        public void setBroadcastInputs(FlatVector shared) {
            plain.setBroadcastInputs(shared);
        }

        @Override
        public void run(int tasks, TaskInputs taskInputs, FlatVector sums, double[] each) {
            assertThat(closed).isFalse();
            plain.run(tasks, taskInputs, sums, each);
        }

        @Override
        public long bytes() {
            return bytesOfEach;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /** Plain's, in workspaces of ours. */
    private final class Holding implements Backend {
        @Override
        public String name() {
            return "holding";
        }

        @Override
        public Executable compile(Program program, CompileOptions options) {
            Executable plain = new ReferenceBackend().compile(program, options);
            return new Executable() {
                @Override
                public Program program() {
                    return plain.program();
                }

                @Override
                public Precision precision() {
                    return plain.precision();
                }

                @Override
                public Workspace workspace(Device device) {
                    return new Held(plain.workspace(device));
                }
            };
        }
    }

    private BlockRunnerPool pool() {
        Job job = Noise.job("reference", new CompileOptions(Precision.DOUBLE, BUDGET), 1);
        return new BlockRunnerPool(job, job.program("train"), new Holding(), new Noise());
    }

    private static void run(BlockRunnerPool runners, int how) throws InterruptedException {
        RangeRequest request = new RangeRequest("train", 1, 1, 0, List.of(Noise.spec(0, how)), OutputMode.SUMS);
        var unused = new RangeExecution(request, THETA, runners, 1, "me", 1).finish(Device.PROCESSOR, 0);
    }

    @Test
    void oneWorkspaceIsUsedAgainAndClosedWithItsBench() throws InterruptedException {
        BlockRunnerPool runners = pool();
        run(runners, Noise.GOOD);
        run(runners, Noise.GOOD);
        assertThat(made).hasSize(1).noneMatch(each -> each.closed);
        runners.close();
        assertThat(made).allMatch(each -> each.closed);
    }

    @Test
    void aRunnerInUseIsClosedWhenItIsReleased() {
        BlockRunnerPool runners = pool();
        BlockRunner runner = runners.acquire(Device.PROCESSOR);
        BlockRunner.RangeRun run = runner.begin(
                new RangeRequest("train", 1, 1, 0, List.of(Noise.spec(0, Noise.GOOD)), OutputMode.SUMS),
                THETA,
                new double[0],
                new long[0]);
        run.run(0, 1);
        runners.close();
        assertThat(made).hasSize(1).noneMatch(each -> each.closed);
        runners.release(runner);
        assertThat(made).allMatch(each -> each.closed);
    }

    @Test
    void aTaskThatFailsLeavesNothingBehind() throws InterruptedException {
        BlockRunnerPool runners = pool();
        run(runners, Noise.GOOD);
        assertThatThrownBy(() -> run(runners, Noise.NO_DATA)).isInstanceOf(BadDataException.class);
        assertThat(made).hasSize(1).allMatch(each -> each.closed);
        run(runners, Noise.GOOD);
        assertThat(made).hasSize(2).filteredOn(each -> !each.closed).hasSize(1);
    }

    @Test
    void largeWorkspacesOfOneProgramAreClosedForAnothers() throws InterruptedException {
        BlockRunnerPool train = pool();
        BlockRunnerPool evaluate = pool();
        train.shareMemoryWith(List.of(train, evaluate));
        evaluate.shareMemoryWith(List.of(train, evaluate));
        run(train, Noise.GOOD);
        run(evaluate, Noise.GOOD);
        assertThat(made).hasSize(2).first().matches(each -> each.closed);
        assertThat(made.get(1).closed).isFalse();
        bytesOfEach = BUDGET / 2;
        run(train, Noise.GOOD);
        run(evaluate, Noise.GOOD);
        run(train, Noise.GOOD);
        assertThat(made).as("small ones stay side by side").hasSize(3);
    }
}
