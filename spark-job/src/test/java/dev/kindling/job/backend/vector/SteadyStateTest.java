package dev.kindling.job.backend.vector;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A task allocates no memory once the code is compiled, and does not recompute task-independent values. */
class SteadyStateTest {
    private static final int TASKS = 500;
    private static final int MOST_ROUNDS = 1000;

    /** Bytes per task that count as no allocation: the counter itself and the JVM allocate some. */
    private static final double NO_ALLOCATION = 8;

    @ParameterizedTest
    @CsvSource({"FLOAT, 1", "FLOAT, 5", "DOUBLE, 1"})
    @DisplayName("a task allocates nothing once the code is compiled")
    void aTaskAllocatesNothing(Precision precision, int steps) {
        Training training = Training.sinusoid(precision, steps);
        FlatVector episode = episode(training);
        Workspace.TaskInputs copied = (task, target, offset) -> target.copyFrom(episode, 0, offset, episode.size());
        assertThat(leastBytesPerTask(training.executable(), training.theta(), copied))
                .isLessThan(NO_ALLOCATION);
    }

    @Test
    void taskInputsThatAllocateAreDetected() {
        Training training = Training.sinusoid(Precision.FLOAT, 1);
        Workspace.TaskInputs allocating = (task, target, offset) -> {
            FlatVector episode = episode(training);
            target.copyFrom(episode, 0, offset, episode.size());
        };
        assertThat(leastBytesPerTask(training.executable(), training.theta(), allocating))
                .isGreaterThan(NO_ALLOCATION);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void solvingAllocatesNothing(Precision precision) {
        Program program = SolveTest.program(12, 7);
        Executable executable = new VectorBackend().compile(program, new CompileOptions(precision, 1 << 28));
        FlatVector episode = FlatVector.zeros(precision, program.taskInputs().size());
        double[] matrix = SolveTest.positiveDefinite(RandomStream.of(12), 12, precision);
        for (int i = 0; i < matrix.length; i++) {
            episode.set(i, matrix[i]);
        }
        FlatVector nothing = FlatVector.zeros(precision, 0);
        Workspace.TaskInputs copied = (task, target, offset) -> target.copyFrom(episode, 0, offset, episode.size());
        assertThat(leastBytesPerTask(executable, nothing, copied)).isLessThan(NO_ALLOCATION);
    }

    private static FlatVector episode(Training training) {
        int size = training.executable().program().taskInputs().size();
        FlatVector episode = FlatVector.zeros(training.executable().precision(), size);
        episode.fill(0.5);
        return episode;
    }

    /** The least over as many rounds as compilation takes, which other tests in this JVM can delay. */
    private static double leastBytesPerTask(
            Executable executable, FlatVector broadcastInputs, Workspace.TaskInputs taskInputs) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Workspace workspace = executable.workspace();
        Program program = executable.program();
        FlatVector sums =
                FlatVector.zeros(executable.precision(), program.sums().size());
        double[] perTaskOutputs = new double[TASKS * program.perTask().size()];
        long thread = Thread.currentThread().getId();
        double least = Double.MAX_VALUE;
        for (int round = 0; round < MOST_ROUNDS && least >= NO_ALLOCATION; round++) {
            workspace.setBroadcastInputs(broadcastInputs);
            long before = threads.getThreadAllocatedBytes(thread);
            workspace.run(TASKS, taskInputs, sums, perTaskOutputs);
            least = Math.min(least, (threads.getThreadAllocatedBytes(thread) - before) / (double) TASKS);
        }
        return least;
    }

    @Test
    void taskIndependentValuesAreComputedOncePerSetOfBroadcastInputs() {
        ProgramBuilder b = new ProgramBuilder();
        Value theta = b.input("theta", Shape.of(20, 20), Program.Scope.BROADCAST);
        Value x = b.input("x", Shape.of(20, 20), Program.Scope.TASK);
        Value independent = b.exp(b.matmul(b.tanh(theta), theta));
        Program program =
                b.build("split", List.of(new Program.Output("y", Program.Reduction.PER_TASK, b.mul(x, independent))));
        ExecutionPlan<FloatStep> plan =
                Planner.plan(program, new FloatEmitter(ExecutionPlan.SCRATCH), FloatLanes.scratch());
        assertThat(plan.perRound()).hasSize(3);
        assertThat(plan.perTask()).hasSize(1);
    }

    @Test
    void aMatrixIsFactorisedOnceForAllItsSolutions() {
        ProgramBuilder b = new ProgramBuilder();
        Value theta = b.input("theta", Shape.of(6, 6), Program.Scope.BROADCAST);
        Value matrix = b.input("matrix", Shape.of(6, 6), Program.Scope.TASK);
        Value x = b.input("x", Shape.of(6, 3), Program.Scope.TASK);
        Value once = b.solve(theta, x);
        Value twice = b.solve(matrix, b.solve(matrix, once));
        Program program = b.build("factors", List.of(new Program.Output("y", Program.Reduction.PER_TASK, twice)));
        ExecutionPlan<FloatStep> plan =
                Planner.plan(program, new FloatEmitter(ExecutionPlan.SCRATCH), FloatLanes.scratch());
        assertThat(plan.perRound()).as("the factor of theta").hasSize(1);
        assertThat(plan.perTask())
                .as("the factor of the matrix and three solutions")
                .hasSize(4);
    }
}
