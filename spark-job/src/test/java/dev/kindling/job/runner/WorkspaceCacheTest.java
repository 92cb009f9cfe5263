package dev.kindling.job.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkspaceCacheTest {
    private static final long BYTES = 40;

    /** What happened, as lines such as {@code made 2} and {@code shared 2}, by length of the tasks. */
    private final List<String> log = new ArrayList<>();

    private CompiledVariant variant(int length) {
        Program program =
                Lengths.job("reference", 1, 1, length).program("train").first();
        Backend backend = new Backend() {
            @Override
            public String name() {
                return "logging";
            }

            @Override
            public Executable compile(Program each, CompileOptions options) {
                return new Logging(each, length);
            }
        };
        return new CompiledVariant(program, backend, new CompileOptions(Precision.FLOAT, 1));
    }

    private final class Logging implements Executable {
        private final Program program;
        private final int length;

        private Logging(Program program, int length) {
            this.program = program;
            this.length = length;
        }

        @Override
        public Program program() {
            return program;
        }

        @Override
        public Precision precision() {
            return Precision.FLOAT;
        }

        @Override
        public Workspace workspace(Device device) {
            log.add("made " + length);
            return new Workspace() {
                @Override
                public void setBroadcastInputs(FlatVector shared) {
                    log.add("shared " + length);
                }

                @Override
                public void run(int tasks, TaskInputs taskInputs, FlatVector sums, double[] each) {
                    throw new UnsupportedOperationException("nothing runs here");
                }

                @Override
                public long bytes() {
                    return BYTES;
                }
            };
        }
    }

    private static BroadcastVector vector() {
        return new BroadcastVector(1, FlatVector.zeros(Precision.FLOAT, 5));
    }

    private List<String> logged() {
        List<String> lines = List.copyOf(log);
        log.clear();
        return lines;
    }

    @Test
    void theLongestUnusedAreLetGoOfAboveTheBudget() {
        CompiledVariant one = variant(1);
        CompiledVariant two = variant(2);
        CompiledVariant three = variant(3);
        WorkspaceCache workspaces = new WorkspaceCache(2 * BYTES, Device.PROCESSOR, 1);
        workspaces.use(vector());
        for (CompiledVariant each : List.of(one, two, one, one)) {
            workspaces.of(each, 0);
        }
        assertThat(logged()).containsExactly("made 1", "shared 1", "made 2", "shared 2");
        workspaces.of(three, 0);
        assertThat(workspaces.count()).isEqualTo(2);
        workspaces.of(one, 0);
        assertThat(logged()).as("one was used after two").containsExactly("made 3", "shared 3");
        workspaces.of(two, 0);
        assertThat(logged()).containsExactly("made 2", "shared 2");
    }

    @Test
    void theOneInUseStaysWhateverItHolds() {
        CompiledVariant one = variant(1);
        WorkspaceCache workspaces = new WorkspaceCache(1, Device.PROCESSOR, 1);
        workspaces.use(vector());
        Workspace first = workspaces.of(one, 0);
        assertThat(workspaces.of(one, 0)).isSameAs(first);
        workspaces.of(variant(2), 0);
        assertThat(workspaces.count()).isEqualTo(1);
    }

    @Test
    void aVectorIsSharedWithEachOnceAndOnlyWhereItIsUsed() {
        CompiledVariant one = variant(1);
        CompiledVariant two = variant(2);
        WorkspaceCache workspaces = new WorkspaceCache(1000, Device.PROCESSOR, 1);
        workspaces.use(vector());
        workspaces.of(one, 0);
        workspaces.of(two, 0);
        logged();
        BroadcastVector next = vector();
        workspaces.use(next);
        workspaces.of(two, 0);
        workspaces.use(next);
        workspaces.of(two, 0);
        assertThat(logged()).containsExactly("shared 2");
        workspaces.use(vector());
        workspaces.of(one, 0);
        assertThat(logged()).containsExactly("shared 1");
    }
}
