package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.backend.plain.PlainBackend;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.BadDataException;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.WorkOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Workspaces whose memory nobody but they themselves can free. */
class MemoryGivenBackTest {
    private static final SharedVector THETA = new SharedVector(1, Storage.of(Precision.DOUBLE, 1, 2, 3, 4, 5));
    private static final int BUDGET = 1000;

    private final List<Held> made = new ArrayList<>();
    private long bytesOfEach = BUDGET;

    /** A workspace of plain's that says how much it holds, and remembers that it was closed. */
    private final class Held implements Workspace {
        private final Workspace plain;
        private boolean closed;

        Held(Workspace plain) {
            this.plain = plain;
            made.add(this);
        }

        @Override
        public void share(Storage shared) {
            plain.share(shared);
        }

        @Override
        public void run(int tasks, Episodes episodes, Storage sums, double[] each) {
            assertThat(closed).isFalse();
            plain.run(tasks, episodes, sums, each);
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
            Executable plain = new PlainBackend().compile(program, options);
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

    private Bench bench() {
        Job job = Noise.job("plain", new CompileOptions(Precision.DOUBLE, BUDGET), 1);
        return new Bench(job, job.program("train"), new Holding(), new Noise());
    }

    private static void run(Bench bench, int how) throws InterruptedException {
        WorkOrder order = new WorkOrder("train", 1, 1, 0, List.of(Noise.spec(0, how)), false);
        var unused = new Assignment(order, THETA, bench, 1, "me", 1).finish(Device.PROCESSOR, 0);
    }

    @Test
    void oneWorkspaceIsUsedAgainAndClosedWithItsBench() throws InterruptedException {
        Bench bench = bench();
        run(bench, Noise.GOOD);
        run(bench, Noise.GOOD);
        assertThat(made).hasSize(1).noneMatch(each -> each.closed);
        bench.close();
        assertThat(made).allMatch(each -> each.closed);
    }

    @Test
    void whatIsInUseIsClosedWhenItComesBack() {
        Bench bench = bench();
        Hand hand = bench.borrow(Device.PROCESSOR);
        hand.begin(
                new WorkOrder("train", 1, 1, 0, List.of(Noise.spec(0, Noise.GOOD)), false),
                THETA,
                new double[0],
                new long[0]);
        hand.run(0, 1);
        bench.close();
        assertThat(made).hasSize(1).noneMatch(each -> each.closed);
        bench.giveBack(hand);
        assertThat(made).allMatch(each -> each.closed);
    }

    @Test
    void aTaskThatFailsLeavesNothingBehind() throws InterruptedException {
        Bench bench = bench();
        run(bench, Noise.GOOD);
        assertThatThrownBy(() -> run(bench, Noise.NO_DATA)).isInstanceOf(BadDataException.class);
        assertThat(made).hasSize(1).allMatch(each -> each.closed);
        run(bench, Noise.GOOD);
        assertThat(made).hasSize(2).filteredOn(each -> !each.closed).hasSize(1);
    }

    @Test
    void largeWorkspacesOfOneProgramMakeRoomForAnothers() throws InterruptedException {
        Bench train = bench();
        Bench evaluate = bench();
        train.beside(List.of(train, evaluate));
        evaluate.beside(List.of(train, evaluate));
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
