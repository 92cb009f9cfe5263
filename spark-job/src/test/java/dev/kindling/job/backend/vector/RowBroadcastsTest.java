package dev.kindling.job.backend.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Elementwise ops of an array and one row for all of its rows, or one number for each, on either side. */
class RowBroadcastsTest {
    private static final int[] ROWS = {1, 2, 7, 8, 9, 16, 17, 25, 33, 70};
    private static final int[] COLUMNS = {2, 3, 5, 15, 16, 17, 40, 64, 127, 128, 129, 200};

    @ParameterizedTest
    @EnumSource(Precision.class)
    @DisplayName("every element is computed from its own row and column, whatever the number of rows at a time")
    void everyElementIsComputedFromItsOwnRowAndColumn(Precision precision) {
        for (int rows : ROWS) {
            for (int n : COLUMNS) {
                RandomStream stream = RandomStream.of(rows, n);
                Map<String, double[]> inputs = new TreeMap<>();
                inputs.put("x", numbers(stream, rows * n, precision));
                inputs.put("y", numbers(stream, rows * n, precision));
                inputs.put("row", numbers(stream, n, precision));
                inputs.put("factors", numbers(stream, n, precision));
                inputs.put("column", numbers(stream, rows, precision));
                Program program = program(rows, n);
                for (Workspace workspace :
                        List.of(Planned.workspace(program, precision), Planned.scalar(program, precision))) {
                    Map<String, double[]> found = Runs.run(workspace, precision, program, List.of(inputs));
                    expected(inputs, rows, n, precision)
                            .forEach((name, numbers) -> assertThat(found.get(name))
                                    .as("%s of %d x %d", name, rows, n)
                                    .containsExactly(numbers));
                }
            }
        }
    }

    private static double[] numbers(RandomStream stream, int size, Precision precision) {
        double[] numbers = new double[size];
        Arrays.setAll(numbers, any -> precision.round(stream.nextDouble(-2, 2)));
        return numbers;
    }

    private static Program program(int rows, int n) {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.of(rows, n), Program.Scope.TASK);
        Value y = b.input("y", Shape.of(rows, n), Program.Scope.TASK);
        Value row = b.input("row", Shape.of(n), Program.Scope.TASK);
        Value factors = b.input("factors", Shape.of(n), Program.Scope.TASK);
        Value column = b.input("column", Shape.of(rows, 1), Program.Scope.TASK);
        Value zero = b.constant(0);
        List<Program.Output> outputs = new ArrayList<>();
        Map<String, Value> values = new TreeMap<>();
        values.put("x + row", b.add(x, row));
        values.put("row - x", b.sub(row, x));
        values.put("x * row", b.mul(x, row));
        values.put("row / x", b.div(row, x));
        values.put("x > row", b.greater(x, row));
        values.put("column * x", b.mul(column, x));
        // A product with several uses is rounded by itself, so each of these has its own.
        values.put("y * row + row", b.add(b.mul(y, row), row));
        values.put("y * factors + x", b.add(b.mul(y, factors), x));
        values.put("row - y * x", b.sub(row, b.mul(y, x)));
        values.put("x - y * column", b.sub(x, b.mul(y, column)));
        values.put("x > 0 ? row : 0", b.select(b.greater(x, zero), b.broadcast(row, x.shape()), zero));
        values.forEach((name, value) -> outputs.add(new Program.Output(name, Program.Reduction.PER_TASK, value)));
        return b.build("rows", outputs);
    }

    private static Map<String, double[]> expected(Map<String, double[]> inputs, int rows, int n, Precision precision) {
        Map<String, double[]> expected = new TreeMap<>();
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < n; j++) {
                int at = i * n + j;
                double x = inputs.get("x")[at];
                double y = inputs.get("y")[at];
                double row = inputs.get("row")[j];
                double factor = inputs.get("factors")[j];
                double column = inputs.get("column")[i];
                Map<String, Double> element = new TreeMap<>();
                element.put("x + row", precision.round(x + row));
                element.put("row - x", precision.round(row - x));
                element.put("x * row", precision.round(x * row));
                element.put("row / x", precision.round(row / x));
                element.put("x > row", x > row ? 1.0 : 0.0);
                element.put("column * x", precision.round(column * x));
                element.put("y * row + row", fma(y, row, row, precision));
                element.put("y * factors + x", fma(y, factor, x, precision));
                element.put("row - y * x", fma(-y, x, row, precision));
                element.put("x - y * column", fma(-y, column, x, precision));
                element.put("x > 0 ? row : 0", x > 0 ? row : 0.0);
                element.forEach(
                        (name, number) -> expected.computeIfAbsent(name, any -> new double[rows * n])[at] = number);
            }
        }
        return expected;
    }

    private static double fma(double a, double b, double c, Precision precision) {
        return precision == Precision.FLOAT ? Math.fma((float) a, (float) b, (float) c) : Math.fma(a, b, c);
    }
}
