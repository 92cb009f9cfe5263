package dev.kindling.job.backend.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ops of one rounding against the oracle, bit by bit, over sizes around the length of a vector and over odd numbers. */
class OpsTest {
    private static final double[] ODD = {
        0, -0.0, 1, -1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Float.MIN_VALUE, -3.5
    };

    @ParameterizedTest
    @EnumSource(Precision.class)
    void elementwiseOpsOfEveryReading(Precision precision) {
        for (int columns = 1; columns <= 70; columns++) {
            ProgramBuilder b = new ProgramBuilder();
            Shape shape = Shape.of(3, columns);
            Value x = b.input("x", shape, Program.Scope.TASK);
            Map<String, Value> others = new LinkedHashMap<>();
            others.put("full", b.input("full", shape, Program.Scope.TASK));
            others.put("row", b.input("row", Shape.of(columns), Program.Scope.TASK));
            others.put("column", b.input("column", Shape.of(3, 1), Program.Scope.TASK));
            others.put("single", b.input("single", Shape.scalar(), Program.Scope.TASK));
            Map<String, Value> results = new LinkedHashMap<>();
            results.put("neg", b.neg(x));
            results.put("relu", b.relu(x));
            results.put("sqrt", b.sqrt(x));
            others.forEach((name, y) -> {
                results.put("x + " + name, b.add(x, y));
                results.put("x - " + name, b.sub(x, y));
                results.put(name + " - x", b.sub(y, x));
                results.put("x * " + name, b.mul(x, y));
                results.put("x / " + name, b.div(x, y));
                results.put(name + " / x", b.div(y, x));
                results.put("x > " + name, b.greater(x, y));
                results.put(name + " > x", b.greater(y, x));
                results.put("x = " + name, b.equal(x, y));
                results.put("x > 0 ? " + name + " : 0", b.select(b.greater(x, b.constant(0)), y, b.constant(0)));
                results.put("x ? " + name + " : 1", b.select(x, y, b.constant(1)));
            });
            compare(b, results, precision);
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void maximaWithTiesAndNotANumber(Precision precision) {
        for (int columns = 1; columns <= 40; columns++) {
            ProgramBuilder b = new ProgramBuilder();
            Value x = b.input("x", Shape.of(40, columns), Program.Scope.TASK);
            Value argmax = b.argmax(x);
            compare(
                    b,
                    Map.of(
                            "max", b.add(b.max(x), b.constant(0)),
                            "argmax", argmax,
                            "first", b.oneHot(argmax, columns)),
                    precision);
        }
    }

    private static void compare(ProgramBuilder b, Map<String, Value> results, Precision precision) {
        List<Program.Output> outputs = results.entrySet().stream()
                .map(entry -> new Program.Output(entry.getKey(), Program.Reduction.PER_TASK, entry.getValue()))
                .toList();
        Program program = b.build("ops", outputs);
        RandomStream stream = RandomStream.of(program.hashCode());
        Map<String, double[]> inputs = new HashMap<>();
        program.taskInputs().entries().forEach(entry -> {
            double[] array = new double[entry.shape().size()];
            for (int i = 0; i < array.length; i++) {
                array[i] = stream.nextInt(2) == 0 ? ODD[stream.nextInt(ODD.length)] : (float) stream.nextDouble(-2, 2);
            }
            inputs.put(entry.name(), array);
        });
        Map<String, double[]> expected =
                run(Runs.workspace(new ReferenceBackend(), precision, program), precision, program, inputs);
        run(Planned.workspace(program, precision), precision, program, inputs)
                .forEach((name, array) -> assertThat(array)
                        .as(name + " of " + inputs.size())
                        // Adding 0 makes the two zeros one.
                        .usingElementComparator(Comparator.comparingDouble(x -> x + 0.0))
                        .containsExactly(expected.get(name)));
    }

    private static Map<String, double[]> run(
            Workspace workspace, Precision precision, Program program, Map<String, double[]> inputs) {
        workspace.setBroadcastInputs(Runs.pack(program.broadcastInputs(), precision, inputs));
        return Runs.run(workspace, precision, program, List.of(inputs));
    }

    /** |error| ≤ n ε Σ|a| for any order of adding. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void sumsOverEveryAxis(Precision precision) {
        double epsilon = precision == Precision.FLOAT ? Math.ulp(1f) : Math.ulp(1.0);
        RandomStream stream = RandomStream.of(3);
        for (int n = 1; n <= 70; n++) {
            for (int[] axes : new int[][] {{0}, {1}, {2}, {0, 2}, {0, 1}, {1, 2}, {0, 1, 2}}) {
                int[] dims = {1 + stream.nextInt(5), n, 1 + stream.nextInt(20)};
                ProgramBuilder b = new ProgramBuilder();
                Value x = b.input("x", Shape.of(dims), Program.Scope.TASK);
                Value sum = b.sum(x, axes);
                Value sizes = b.sum(b.select(b.greater(x, b.constant(0)), x, b.neg(x)), axes);
                Program program = b.build(
                        "sum",
                        List.of(
                                new Program.Output("sum", Program.Reduction.PER_TASK, sum),
                                new Program.Output("sizes", Program.Reduction.PER_TASK, sizes)));
                double[] numbers = new double[x.shape().size()];
                for (int i = 0; i < numbers.length; i++) {
                    numbers[i] = (float) stream.nextDouble(-2, 2);
                }
                Map<String, double[]> inputs = Map.of("x", numbers);
                Map<String, double[]> exact = run(
                        Runs.workspace(new ReferenceBackend(), Precision.DOUBLE, program),
                        Precision.DOUBLE,
                        program,
                        inputs);
                Map<String, double[]> found = run(Planned.workspace(program, precision), precision, program, inputs);
                for (int i = 0; i < exact.get("sum").length; i++) {
                    double bound = numbers.length * epsilon * exact.get("sizes")[i];
                    assertThat(Math.abs(found.get("sum")[i] - exact.get("sum")[i]))
                            .as("%s over %s", x.shape(), List.of(axes))
                            .isLessThanOrEqualTo(bound);
                }
            }
        }
    }

    @Test
    void indicesOutsideAreRefused() {
        refuses((b) -> b.oneHot(b.input("x", Shape.of(1), Program.Scope.TASK), 3), 3);
        refuses((b) -> b.oneHot(b.input("x", Shape.of(1), Program.Scope.TASK), 3), Double.NaN);
        refuses((b) -> b.gather(b.iota(3), b.input("x", Shape.of(1), Program.Scope.TASK)), -1);
        refuses((b) -> b.scatterAdd(b.input("x", Shape.of(1), Program.Scope.TASK), b.iota(1), 3), 0.5);
    }

    @Test
    void countsThatAreNotWholeAreRefused() {
        Function<ProgramBuilder, Value> loop = b -> {
            ProgramBuilder sb = new ProgramBuilder();
            Value carry = sb.input("carry", Shape.scalar(), Program.Scope.LOOP);
            Value next = sb.add(carry, sb.constant(1));
            Program step = sb.build("count", List.of(new Program.Output("carry", Program.Reduction.LOOP, next)));
            Value count = b.reshape(b.input("x", Shape.of(1), Program.Scope.TASK), Shape.scalar());
            return b.loop(new Attributes.Loop(step, 4, false, 1, 0, 0, false), List.of(count, b.constant(0)))
                    .get(0);
        };
        refuses(loop, -1);
        refuses(loop, 1.5);
        refuses(loop, Double.NaN);
    }

    private static void refuses(Function<ProgramBuilder, Value> what, double given) {
        ProgramBuilder b = new ProgramBuilder();
        Program program =
                b.build("refused", List.of(new Program.Output("y", Program.Reduction.PER_TASK, what.apply(b))));
        for (Precision precision : Precision.values()) {
            assertThatThrownBy(() -> run(
                            Planned.workspace(program, precision), precision, program, Map.of("x", new double[] {given
                            })))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(String.valueOf(given).replace(".0", ""));
        }
    }
}
