package dev.kindling.job.backend.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.DoubleStream;
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

    /** The gradient of a table of which a task reads a few rows: a dense array for each task would be as large as the table. */
    private static Program lookups(int rows) {
        ProgramBuilder b = new ProgramBuilder();
        Value table = b.input("table", Shape.of(rows, 8), Program.Scope.BROADCAST);
        Value support = b.input("support", Shape.of(5), Program.Scope.TASK);
        Value query = b.input("query", Shape.of(15), Program.Scope.TASK);
        Value loss = b.sumAll(b.square(b.sub(
                b.tanh(b.gather(table, query)),
                b.broadcast(b.meanKept(b.gather(table, support), 0), Shape.of(15, 8)))));
        return b.build(
                "lookups",
                List.of(
                        new Program.Output(
                                "table",
                                Program.Reduction.SUM,
                                Autodiff.grad(b, loss, List.of(table)).get(0)),
                        new Program.Output("loss", Program.Reduction.PER_TASK, loss)));
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void rowsAreAddedToASumWithoutAnArrayOfItsSize(Precision precision) {
        int rows = 20_000;
        Program program = lookups(rows);
        Executable executable = new VectorBackend().compile(program, new CompileOptions(precision, 1 << 28));
        long table = 8L * rows * (precision == Precision.FLOAT ? Float.BYTES : Double.BYTES);
        assertThat(executable.workspace().bytes()).as("θ and little more").isBetween(table, table + table / 2);
        FlatVector episode = FlatVector.zeros(precision, program.taskInputs().size());
        Workspace.TaskInputs copied = (task, target, offset) -> target.copyFrom(episode, 0, offset, episode.size());
        assertThat(leastBytesPerTask(executable, FlatVector.zeros(precision, 8 * rows), copied))
                .isLessThan(NO_ALLOCATION);
    }

    /** Two gathers of one table, with repeated indices within and between them, over several tasks. */
    @Test
    void rowsThatAreAddedToASumGiveTheSumsOfTheReferenceBackend() {
        Program program = lookups(12);
        List<Map<String, double[]>> tasks = new ArrayList<>();
        RandomStream stream = RandomStream.of(3);
        double[] table = DoubleStream.generate(stream::nextNormal).limit(96).toArray();
        for (int task = 0; task < 4; task++) {
            tasks.add(Map.of(
                    "support",
                            DoubleStream.generate(() -> stream.nextInt(12))
                                    .limit(5)
                                    .toArray(),
                    "query",
                            DoubleStream.generate(() -> stream.nextInt(12))
                                    .limit(15)
                                    .toArray()));
        }
        for (Precision precision : Precision.values()) {
            double[] expected = sums(new ReferenceBackend(), precision, program, table, tasks);
            double[] found = sums(new VectorBackend(), precision, program, table, tasks);
            double tolerance = precision == Precision.FLOAT ? 1e-4 : 1e-12;
            assertThat(found).containsExactly(expected, within(tolerance));
            assertThat(sums(new ScalarBackend(), precision, program, table, tasks))
                    .isEqualTo(found);
        }
    }

    private static double[] sums(
            Backend backend, Precision precision, Program program, double[] table, List<Map<String, double[]>> tasks) {
        Workspace workspace = Runs.workspace(backend, precision, program);
        workspace.setBroadcastInputs(Runs.pack(program.broadcastInputs(), precision, Map.of("table", table)));
        return Objects.requireNonNull(
                Runs.run(workspace, precision, program, tasks).get("table"));
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
