package dev.kindling.job.backend.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.RandomPrograms;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

/** Results of a task do not depend on the batch in which it runs. */
class TaskBatchTest {
    private static final CompileOptions FLOAT = new CompileOptions(Precision.FLOAT, 1 << 28);
    private static final CompileOptions DOUBLE = new CompileOptions(Precision.DOUBLE, 1 << 28);

    @Provide
    Arbitrary<RandomPrograms.Drawn> programs() {
        return RandomPrograms.programs(1);
    }

    @Property(tries = 100)
    void theResultsOfATaskDoNotDependOnTheBatchSize(@ForAll("programs") RandomPrograms.Drawn drawn) {
        Nd4jExecutable together = Nd4jExecutable.of(drawn.program(), FLOAT);
        Nd4jExecutable alone = limited(together, 1);
        Map<String, double[]> expected = run(alone, drawn);
        run(together, drawn)
                .forEach((name, array) ->
                        assertThat(array).as(name + "\n" + drawn.program()).containsExactly(expected.get(name)));
    }

    @Property(tries = 100)
    void oneProductOverTheRowsOfAllTasksAgreesWithTheReference(@ForAll("programs") RandomPrograms.Drawn drawn) {
        Nd4jKernels kernels = new Nd4jKernels(new BatchedMatmul(BatchedMatmul.BroadcastRight.MERGED));
        Workspace reference = Runs.workspace(Backends.named("reference"), Precision.DOUBLE, drawn.program());
        reference.setBroadcastInputs(Runs.pack(drawn.program().broadcastInputs(), Precision.DOUBLE, drawn.shared()));
        Map<String, double[]> expected = Runs.run(reference, Precision.DOUBLE, drawn.program(), drawn.tasks());
        run(Nd4jExecutable.of(drawn.program(), DOUBLE, kernels), drawn).forEach((name, array) -> {
            double[] right = expected.get(name);
            double greatest =
                    Math.max(1, Arrays.stream(right).map(Math::abs).max().orElse(0));
            for (int i = 0; i < array.length; i++) {
                assertThat(Math.abs(array[i] - right[i]) / greatest)
                        .as(name + "\n" + drawn.program())
                        .isLessThan(1e-11);
            }
        });
    }

    /** Sizes at which one product over the rows of all tasks rounds differently than a product for each. */
    @Test
    void aProductWithATaskIndependentMatrixDoesNotDependOnTheBatchSize() {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.of(5, 256), Program.Scope.TASK);
        Value w = b.input("w", Shape.of(256, 128), Program.Scope.BROADCAST);
        Program program =
                b.build("product", List.of(new Program.Output("y", Program.Reduction.PER_TASK, b.matmul(x, w))));
        RandomStream stream = RandomStream.of(5);
        Map<String, double[]> shared = Map.of("w", normals(stream, 256 * 128));
        List<Map<String, double[]>> tasks = IntStream.range(0, 5)
                .mapToObj(task -> Map.of("x", normals(stream, 5 * 256)))
                .toList();
        RandomPrograms.Drawn drawn = new RandomPrograms.Drawn(program, shared, tasks);
        Nd4jExecutable together = Nd4jExecutable.of(program, FLOAT);
        assertThat(run(together, drawn).get("y"))
                .containsExactly(run(limited(together, 1), drawn).get("y"));
    }

    private static double[] normals(RandomStream stream, int count) {
        double[] numbers = new double[count];
        Arrays.setAll(numbers, any -> (float) stream.nextNormal());
        return numbers;
    }

    private static Nd4jExecutable limited(Nd4jExecutable executable, int limit) {
        return new Nd4jExecutable(
                executable.program(), executable.precision(), executable.plan(), executable.kernels(), limit);
    }

    private static Map<String, double[]> run(Nd4jExecutable executable, RandomPrograms.Drawn drawn) {
        Workspace workspace = executable.workspace(Device.PROCESSOR);
        workspace.setBroadcastInputs(
                Runs.pack(drawn.program().broadcastInputs(), executable.precision(), drawn.shared()));
        return Runs.run(workspace, executable.precision(), drawn.program(), drawn.tasks());
    }

    /**
     * Each task doubles a number until it exceeds the task's limit, and gathers one of four rows in each step: after its stop
     * a task would gather out of range.
     */
    private static Program doubling() {
        ProgramBuilder sb = new ProgramBuilder();
        Value number = sb.input("number", Shape.scalar(), Program.Scope.LOOP);
        Value row = sb.input("row", Shape.of(1), Program.Scope.LOOP);
        Value place = sb.input("place", Shape.scalar(), Program.Scope.LOOP);
        Value limit = sb.input("limit", Shape.scalar(), Program.Scope.LOOP);
        Value rows = sb.input("rows", Shape.of(4), Program.Scope.LOOP);
        Value doubled = sb.add(number, number);
        Value picked = sb.gather(rows, row);
        Program step = sb.build(
                "doubling",
                List.of(
                        new Program.Output("number", Program.Reduction.LOOP, doubled),
                        new Program.Output("row", Program.Reduction.LOOP, sb.add(row, sb.constant(1))),
                        new Program.Output("seen", Program.Reduction.LOOP, number),
                        new Program.Output("picked", Program.Reduction.LOOP, sb.add(picked, place)),
                        new Program.Output("stop", Program.Reduction.LOOP, sb.greater(doubled, limit))));
        ProgramBuilder b = new ProgramBuilder();
        Value start = b.input("start", Shape.scalar(), Program.Scope.TASK);
        Value end = b.input("limit", Shape.scalar(), Program.Scope.TASK);
        Value first = b.input("first", Shape.of(1), Program.Scope.TASK);
        Value table = b.input("rows", Shape.of(4), Program.Scope.TASK);
        Value most = b.input("most", Shape.scalar(), Program.Scope.TASK);
        List<Value> found = b.loop(
                new Attributes.Loop(step, 5, false, 2, 1, 2, true), List.of(most, start, first, b.iota(5), end, table));
        List<Program.Output> outputs = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            outputs.add(new Program.Output("result " + i, Program.Reduction.PER_TASK, found.get(i)));
        }
        return b.build("doublings", outputs);
    }

    @Test
    void everyTaskStopsAtItsOwnStep() {
        Program program = doubling();
        List<Map<String, double[]>> tasks = List.of(
                task(1, 3.5, 2, 5), task(1, 100, 0, 4), task(1, 100, 0, 2), task(3, 1, 3, 5), task(1, 100, 3, 0));
        Workspace reference = Runs.workspace(Backends.named("reference"), Precision.DOUBLE, program);
        Map<String, double[]> expected = Runs.run(reference, Precision.DOUBLE, program, tasks);
        // Doubled twice, four times, twice, once and never.
        assertThat(expected.get("result 4")).containsExactly(2, 4, 2, 1, 0);
        Workspace together = Runs.workspace(Backends.named("nd4j"), Precision.DOUBLE, program);
        assertThat(together.tasksAtOnce()).isGreaterThan(tasks.size());
        Runs.run(together, Precision.DOUBLE, program, tasks)
                .forEach((name, array) -> assertThat(array).as(name).containsExactly(expected.get(name)));
    }

    private static Map<String, double[]> task(double start, double limit, double first, double most) {
        return Map.of(
                "start", new double[] {start},
                "limit", new double[] {limit},
                "first", new double[] {first},
                "most", new double[] {most},
                "rows", new double[] {10, 20, 30, 40});
    }

    /** Horner's scheme at 2 over the first {@code count} coefficients, from the last one. */
    @Test
    void backwardLoopsBeginAtTheCountOfEachTask() {
        ProgramBuilder sb = new ProgramBuilder();
        Value sum = sb.input("sum", Shape.scalar(), Program.Scope.LOOP);
        Value row = sb.input("row", Shape.scalar(), Program.Scope.LOOP);
        Value next = sb.add(sb.add(sum, sum), row);
        Program step = sb.build(
                "horner",
                List.of(
                        new Program.Output("sum", Program.Reduction.LOOP, next),
                        new Program.Output("at", Program.Reduction.LOOP, sum)));
        ProgramBuilder b = new ProgramBuilder();
        Value count = b.input("count", Shape.scalar(), Program.Scope.TASK);
        Value rows = b.input("rows", Shape.of(4), Program.Scope.TASK);
        List<Value> found =
                b.loop(new Attributes.Loop(step, 4, true, 1, 1, 1, false), List.of(count, b.constant(0), rows));
        Program program = b.build(
                "polynomials",
                List.of(
                        new Program.Output("value", Program.Reduction.PER_TASK, found.get(0)),
                        new Program.Output("on the way", Program.Reduction.PER_TASK, found.get(1))));
        List<Map<String, double[]>> tasks = new ArrayList<>();
        for (int most : new int[] {4, 1, 3, 0}) {
            tasks.add(Map.of("count", new double[] {most}, "rows", new double[] {1, 2, 3, 4}));
        }
        Workspace workspace = Runs.workspace(Backends.named("nd4j"), Precision.FLOAT, program);
        Map<String, double[]> values = Runs.run(workspace, Precision.FLOAT, program, tasks);
        // 1 + 2·2 + 3·4 + 4·8; 1; 1 + 2·2 + 3·4; nothing.
        assertThat(values.get("value")).containsExactly(49, 1, 17, 0);
        assertThat(values.get("on the way")).containsExactly(24, 11, 4, 0, 0, 0, 0, 0, 8, 3, 0, 0, 0, 0, 0, 0);
    }

    /** A program whose sum is θ·x² for the task's x. */
    private static Program squares() {
        ProgramBuilder b = new ProgramBuilder();
        Value theta = b.input("theta", Shape.of(2), Program.Scope.BROADCAST);
        Value x = b.input("x", Shape.scalar(), Program.Scope.TASK);
        return b.build(
                "squares",
                List.of(
                        new Program.Output("sum", Program.Reduction.SUM, b.mul(theta, b.mul(x, x))),
                        new Program.Output("each", Program.Reduction.PER_TASK, b.add(x, b.constant(1)))));
    }

    @Test
    void blocksHaveTheirOwnSumsWhateverTheBatches() {
        Nd4jExecutable executable = Nd4jExecutable.of(squares(), FLOAT);
        for (int limit : new int[] {1, 2, 3, 4, 7, 100}) {
            Workspace workspace = limited(executable, limit).workspace(Device.PROCESSOR);
            workspace.setBroadcastInputs(FlatVector.of(Precision.FLOAT, 1, 10));
            List<FlatVector> sums = IntStream.range(0, 3)
                    .mapToObj(block -> FlatVector.zeros(Precision.FLOAT, 2))
                    .toList();
            double[] perTaskOutputs = new double[7];
            workspace.run(7, 3, (task, target, offset) -> target.set(offset, task), sums, perTaskOutputs);
            assertThat(sums)
                    .as("limit " + limit)
                    .containsExactly(
                            FlatVector.of(Precision.FLOAT, 5, 50),
                            FlatVector.of(Precision.FLOAT, 50, 500),
                            FlatVector.of(Precision.FLOAT, 36, 360));
            assertThat(perTaskOutputs).containsExactly(1, 2, 3, 4, 5, 6, 7);
        }
    }

    @Test
    void aTaskWhoseInputsFailLeavesNoWorkspaceOpen() {
        Nd4jExecutable executable = Nd4jExecutable.of(squares(), FLOAT);
        Workspace workspace = executable.workspace(Device.PROCESSOR);
        workspace.setBroadcastInputs(FlatVector.of(Precision.FLOAT, 1, 10));
        FlatVector sums = FlatVector.zeros(Precision.FLOAT, 2);
        assertThatThrownBy(() -> workspace.run(
                        3,
                        (task, target, offset) -> {
                            if (task == 1) {
                                throw new IllegalStateException("task " + task);
                            }
                        },
                        sums,
                        new double[3]))
                .hasMessage("task 1");
        assertThat(Nd4j.getWorkspaceManager().getAllWorkspacesForCurrentThread())
                .isEmpty();
        assertThat(Nd4j.getWorkspaceManager().anyWorkspaceActiveForCurrentThread())
                .isFalse();
        workspace.run(3, (task, target, offset) -> target.set(offset, task), sums, new double[3]);
        assertThat(sums).isEqualTo(FlatVector.of(Precision.FLOAT, 5, 50));
    }

    @Test
    void theMemoryIsThatOfTheLargestBatchAndConstant() {
        Nd4jExecutable executable = Nd4jExecutable.of(squares(), FLOAT);
        Workspace workspace = executable.workspace(Device.PROCESSOR);
        workspace.setBroadcastInputs(FlatVector.of(Precision.FLOAT, 1, 10));
        FlatVector sums = FlatVector.zeros(Precision.FLOAT, 2);
        long before = workspace.bytes();
        Workspace.TaskInputs taskInputs = (task, target, offset) -> target.set(offset, task);
        workspace.run(9, taskInputs, sums, new double[9]);
        long nine = workspace.bytes();
        long one = executable.plan().bytes(TaskAxis.TASKS, Float.BYTES);
        assertThat(nine).isEqualTo(before + 9 * one);
        for (int round = 0; round < 30; round++) {
            workspace.run(1 + round % 9, taskInputs, sums, new double[9]);
        }
        assertThat(workspace.bytes()).isEqualTo(nine);
    }
}
