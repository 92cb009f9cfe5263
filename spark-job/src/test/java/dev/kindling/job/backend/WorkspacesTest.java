package dev.kindling.job.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of every backend's workspace, one row per backend and precision. */
class WorkspacesTest {
    static Stream<Arguments> backends() {
        return Stream.of("reference", "vector", "scalar", "nd4j")
                .flatMap(name -> Arrays.stream(Precision.values())
                        .map(precision -> Arguments.of(Backends.named(name), precision)));
    }

    /** Σ over k of x[k, i]·y[k], for widths around those at which kernels change, each between two other sums. */
    @ParameterizedTest
    @MethodSource("backends")
    @DisplayName("a summed product of any width does not write to adjacent sums")
    void summedProductsDoNotOverwriteAdjacentSums(Backend backend, Precision precision) {
        int examples = 3;
        for (int width = 1; width <= 20; width++) {
            ProgramBuilder b = new ProgramBuilder();
            Value x = b.input("x", Shape.of(examples, width), Program.Scope.TASK);
            Value y = b.input("y", Shape.of(examples, 1), Program.Scope.TASK);
            Program program = b.build(
                    "sums",
                    List.of(
                            new Program.Output("before", Program.Reduction.SUM, b.sum(x, 0)),
                            new Program.Output("column", Program.Reduction.SUM, b.matmul(x, y, true, false)),
                            new Program.Output("between", Program.Reduction.SUM, b.sumAll(y)),
                            new Program.Output("row", Program.Reduction.SUM, b.matmul(y, x, true, false))));
            double[] column = new double[width];
            List<Map<String, double[]>> tasks = new ArrayList<>();
            for (int task = 0; task < 3; task++) {
                double[] ofX = new double[examples * width];
                double[] ofY = new double[examples];
                for (int i = 0; i < ofX.length; i++) {
                    ofX[i] = (i * 7 + task) % 11 - 5;
                }
                for (int k = 0; k < examples; k++) {
                    ofY[k] = k - task;
                    for (int i = 0; i < width; i++) {
                        column[i] += ofX[k * width + i] * ofY[k];
                    }
                }
                tasks.add(Map.of("x", ofX, "y", ofY));
            }
            Workspace workspace = Runs.workspace(backend, precision, program);
            workspace.setBroadcastInputs(FlatVector.zeros(precision, 0));
            Map<String, double[]> sums = Runs.run(workspace, precision, program, tasks);

            assertThat(sums.get("column")).as("width " + width).containsExactly(column);
            assertThat(sums.get("row")).as("width " + width).containsExactly(column);
            double total = tasks.stream()
                    .mapToDouble(task -> Arrays.stream(task.get("y")).sum())
                    .sum();
            assertThat(sums.get("between")).as("width " + width).containsExactly(total);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aProgramWithoutBroadcastInputsRunsWithoutSettingThem(Backend backend, Precision precision) {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.of(2), Program.Scope.TASK);
        Program program = program(b, b.add(x, b.iota(2)));
        Workspace workspace = Runs.workspace(backend, precision, program);
        assertThat(Runs.run(workspace, precision, program, List.of(Map.of("x", new double[] {5, 5})))
                        .get("y"))
                .containsExactly(5, 6);
    }

    @ParameterizedTest
    @MethodSource("backends")
    void runningBeforeBroadcastInputsAreSetIsRefused(Backend backend, Precision precision) {
        Program program = shifted();
        Workspace workspace = Runs.workspace(backend, precision, program);
        assertThatThrownBy(() -> Runs.run(workspace, precision, program, List.of(Map.of("x", new double[] {1, 2}))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("program p runs before its broadcast inputs are set: [theta]");
    }

    @ParameterizedTest
    @MethodSource("backends")
    void arraysOfAnotherLengthAreRefused(Backend backend, Precision precision) {
        Workspace workspace = Runs.workspace(backend, precision, shifted());
        assertThatThrownBy(() -> workspace.setBroadcastInputs(FlatVector.zeros(precision, 2)))
                .isInstanceOf(IllegalArgumentException.class);
        workspace.setBroadcastInputs(FlatVector.zeros(precision, 1));
        Workspace.TaskInputs taskInputs = (task, target, offset) -> target.set(offset, 0);
        assertThatThrownBy(() -> workspace.run(1, taskInputs, FlatVector.zeros(precision, 1), new double[2]))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> workspace.run(2, taskInputs, FlatVector.zeros(precision, 0), new double[3]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static Program shifted() {
        ProgramBuilder b = new ProgramBuilder();
        Value theta = b.input("theta", Shape.scalar(), Program.Scope.BROADCAST);
        return program(b, b.add(b.input("x", Shape.of(2), Program.Scope.TASK), theta));
    }

    private static Program program(ProgramBuilder b, Value output) {
        return b.build("p", List.of(new Program.Output("y", Program.Reduction.PER_TASK, output)));
    }
}
