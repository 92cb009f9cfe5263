package dev.kindling.job.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.vector.Planned;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The contract of every backend's kernels: each op against the reference backend, over special values, sizes at which
 * kernels change, several tasks, and arguments with and without dependence on the task. One row per backend and precision.
 */
class OpsContractTest {
    private static final double[] SPECIAL = {
        0, -0.0, 1, -1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Float.MIN_VALUE, -3.5, 100, 2, 2
    };

    private static final int TASKS = 3;

    /** A backend under the contract. */
    enum Entrant {
        /** Planned without passes, so that every op runs as it is written. Exact where an op rounds once. */
        VECTOR(true) {
            @Override
            Workspace workspace(Program program, Precision precision) {
                return Planned.workspace(program, precision);
            }

            @Override
            int[] sizes() {
                return IntStream.rangeClosed(1, 70).toArray();
            }
        },
        /** The same in plain loops. */
        SCALAR(true) {
            @Override
            Workspace workspace(Program program, Precision precision) {
                return Planned.scalar(program, precision);
            }

            @Override
            int[] sizes() {
                return new int[] {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 70};
            }
        },
        ND4J(false) {
            @Override
            Workspace workspace(Program program, Precision precision) {
                return Runs.workspace(Backends.named("nd4j"), precision, program);
            }

            @Override
            int[] sizes() {
                return new int[] {1, 2, 3, 7, 8, 20, 33};
            }
        };

        private final boolean exact;

        Entrant(boolean exact) {
            this.exact = exact;
        }

        abstract Workspace workspace(Program program, Precision precision);

        /** Extents of the last axis to test. */
        abstract int[] sizes();

        /** Greatest error of an op that rounds once, relative to the expected value or to 1 if that is smaller. */
        double toleranceOfOneRounding(Precision precision) {
            return exact ? 0 : tolerance(precision);
        }
    }

    private static double tolerance(Precision precision) {
        return precision == Precision.FLOAT ? 1e-6 : 1e-14;
    }

    static Stream<Arguments> entrants() {
        return Arrays.stream(Entrant.values())
                .flatMap(entrant ->
                        Arrays.stream(Precision.values()).map(precision -> Arguments.of(entrant, precision)));
    }

    @ParameterizedTest
    @MethodSource("entrants")
    void elementwiseOpsWithEveryBroadcast(Entrant entrant, Precision precision) {
        for (int columns : entrant.sizes()) {
            ProgramBuilder b = new ProgramBuilder();
            Shape shape = Shape.of(3, columns);
            Value x = b.input("x", shape, Program.Scope.TASK);
            Map<String, Value> others = new LinkedHashMap<>();
            others.put("full", b.input("full", shape, Program.Scope.TASK));
            others.put("row", b.input("row", Shape.of(columns), Program.Scope.TASK));
            others.put("column", b.input("column", Shape.of(3, 1), Program.Scope.TASK));
            others.put("scalar", b.input("scalar", Shape.scalar(), Program.Scope.TASK));
            others.put("independent", b.input("independent", shape, Program.Scope.BROADCAST));
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
                results.put("x ? " + name + " : x", b.select(x, y, x));
                results.put("x ? " + name + " : 1", b.select(x, y, b.constant(1)));
                results.put(name + " ? x : 1", b.select(y, x, b.constant(1)));
            });
            compare(entrant, precision, b, results, entrant.toleranceOfOneRounding(precision));
        }
    }

    @ParameterizedTest
    @MethodSource("entrants")
    void transcendentalFunctions(Entrant entrant, Precision precision) {
        for (int columns : entrant.sizes()) {
            ProgramBuilder b = new ProgramBuilder();
            Value x = b.input("x", Shape.of(4, columns), Program.Scope.TASK);
            Map<String, Function<Value, Value>> functions = Map.of(
                    "exp", b::exp,
                    "log", b::log,
                    "tanh", b::tanh,
                    "sigmoid", b::sigmoid,
                    "log1p", b::log1p,
                    "expm1", b::expm1);
            Map<String, Value> results = new LinkedHashMap<>();
            functions.forEach((name, function) -> results.put(name, function.apply(x)));
            compare(entrant, precision, b, results, tolerance(precision));
        }
    }

    @ParameterizedTest
    @MethodSource("entrants")
    void maximaWithTiesAndNotANumber(Entrant entrant, Precision precision) {
        for (int columns : entrant.sizes()) {
            ProgramBuilder b = new ProgramBuilder();
            Value x = b.input("x", Shape.of(40, columns), Program.Scope.TASK);
            Value independent = b.input("independent", Shape.of(40, columns), Program.Scope.BROADCAST);
            Value argmax = b.argmax(x);
            compare(
                    entrant,
                    precision,
                    b,
                    Map.of(
                            "max", b.max(x),
                            "argmax", argmax,
                            "first", b.oneHot(argmax, columns),
                            "independent argmax", b.add(b.argmax(independent), argmax)),
                    0);
        }
    }

    @ParameterizedTest
    @MethodSource("entrants")
    void poolingWithTiesNotANumberAndPadding(Entrant entrant, Precision precision) {
        for (Window window : List.of(
                Window.padded(6, 6, 2, 2, 2, 2, 0, 0),
                Window.padded(7, 5, 3, 2, 2, 1, 0, 0),
                Window.same(5, 7, 3, 3, 2, 2),
                Window.same(4, 4, 3, 3, 1, 1))) {
            ProgramBuilder b = new ProgramBuilder();
            Value images = b.input("images", Shape.of(2, window.height(), window.width(), 3), Program.Scope.TASK);
            Value from = b.input("from", images.shape(), Program.Scope.BROADCAST);
            Value outputs =
                    b.input("outputs", Shape.of(2, window.outHeight(), window.outWidth(), 3), Program.Scope.TASK);
            compare(
                    entrant,
                    precision,
                    b,
                    Map.of(
                            "gathered", b.poolGather(images, from, window),
                            "gathered by independent", b.poolGather(from, images, window),
                            "scattered", b.poolScatter(images, outputs, window),
                            "summed", b.windowSum(images, window),
                            "spread", b.windowSpread(outputs, window)),
                    tolerance(precision));
        }
    }

    private static void compare(
            Entrant entrant, Precision precision, ProgramBuilder b, Map<String, Value> results, double tolerance) {
        Program program = b.build("ops", outputs(results));
        RandomStream stream = RandomStream.of(program.hashCode());
        Map<String, double[]> broadcast = drawn(program.broadcastInputs().names(), program, stream);
        List<Map<String, double[]>> tasks = new ArrayList<>();
        for (int task = 0; task < TASKS; task++) {
            tasks.add(drawn(program.taskInputs().names(), program, stream));
        }
        Map<String, double[]> expected = Runs.run(reference(program, precision), precision, program, broadcast, tasks);
        Runs.run(entrant.workspace(program, precision), precision, program, broadcast, tasks)
                .forEach((name, array) -> {
                    for (int i = 0; i < array.length; i++) {
                        double right = expected.get(name)[i];
                        // The sign of a zero is not part of the contract.
                        boolean same = array[i] == right || (Double.isNaN(array[i]) && Double.isNaN(right));
                        assertThat(same || Math.abs(array[i] - right) <= tolerance * Math.max(1, Math.abs(right)))
                                .as("%s[%d] is %s instead of %s", name, i, array[i], right)
                                .isTrue();
                    }
                });
    }

    private static Workspace reference(Program program, Precision precision) {
        return Runs.workspace(Backends.named("reference"), precision, program);
    }

    private static List<Program.Output> outputs(Map<String, Value> results) {
        return results.entrySet().stream()
                .map(entry -> new Program.Output(entry.getKey(), Program.Reduction.PER_TASK, entry.getValue()))
                .toList();
    }

    private static Map<String, double[]> drawn(List<String> names, Program program, RandomStream stream) {
        Map<String, double[]> inputs = new HashMap<>();
        for (String name : names) {
            double[] array = new double[program.input(name).shape().size()];
            for (int i = 0; i < array.length; i++) {
                array[i] = stream.nextInt(2) == 0
                        ? SPECIAL[stream.nextInt(SPECIAL.length)]
                        : (float) stream.nextDouble(-2, 2);
            }
            inputs.put(name, array);
        }
        return inputs;
    }

    /** Of three tasks the second has a matrix that is not positive definite; all of its solutions are NaN, and no others. */
    @ParameterizedTest
    @MethodSource("entrants")
    void solutionsWithMatricesOfWhichOneIsNotPositiveDefinite(Entrant entrant, Precision precision) {
        double tolerance = precision == Precision.FLOAT ? 1e-5 : 1e-13;
        for (int n : entrant.sizes()) {
            int m = 1 + (7 * n) % 36;
            ProgramBuilder b = new ProgramBuilder();
            Value matrix = b.input("matrix", Shape.of(n, n), Program.Scope.TASK);
            Value right = b.input("right", Shape.of(n, m), Program.Scope.TASK);
            Value sharedMatrix = b.input("shared matrix", Shape.of(n, n), Program.Scope.BROADCAST);
            Value sharedRight = b.input("shared right", Shape.of(n, m), Program.Scope.BROADCAST);
            Map<String, Value> results = new LinkedHashMap<>();
            results.put("both per task", b.solve(matrix, right));
            results.put("shared right", b.solve(matrix, sharedRight));
            results.put("shared matrix", b.solve(sharedMatrix, right));
            results.put("both shared", b.mul(b.solve(sharedMatrix, sharedRight), right));
            Program program = b.build("solve", outputs(results));
            RandomStream stream = RandomStream.of(n);
            Map<String, double[]> broadcast =
                    Map.of("shared matrix", matrix(stream, n, 1), "shared right", uniform(stream, n * m));
            List<Map<String, double[]>> tasks = new ArrayList<>();
            for (int task = 0; task < TASKS; task++) {
                double pivot = task == 1 ? -1 : 1;
                tasks.add(Map.of("matrix", matrix(stream, n, pivot), "right", uniform(stream, n * m)));
            }
            Map<String, double[]> expected =
                    Runs.run(reference(program, precision), precision, program, broadcast, tasks);
            Runs.run(entrant.workspace(program, precision), precision, program, broadcast, tasks)
                    .forEach((name, array) -> {
                        boolean perTask = name.equals("both per task") || name.equals("shared right");
                        for (int i = 0; i < array.length; i++) {
                            String what = name + " " + n + " x " + m + " [" + i + "]";
                            if (perTask && i / (n * m) == 1) {
                                assertThat(array[i]).as(what).isNaN();
                            } else {
                                assertThat(Math.abs(array[i] - expected.get(name)[i]))
                                        .as(what)
                                        .isLessThan(tolerance);
                            }
                        }
                    });
        }
    }

    /** C Cᵀ / n + I plus a skew part, with the last pivot's sign. */
    private static double[] matrix(RandomStream stream, int n, double lastPivot) {
        double[] c = uniform(stream, n * n);
        double[] matrix = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double sum = i == j ? 1 : 0.25 * Integer.signum(i - j);
                for (int k = 0; k < n; k++) {
                    sum += c[i * n + k] * c[j * n + k] / n;
                }
                matrix[i * n + j] = (float) sum;
            }
        }
        matrix[n * n - 1] *= lastPivot;
        return matrix;
    }

    private static double[] uniform(RandomStream stream, int count) {
        double[] numbers = new double[count];
        Arrays.setAll(numbers, any -> (float) stream.nextDouble(-1, 1));
        return numbers;
    }

    /** |error| ≤ n ε Σ|a| for any order of additions. */
    @ParameterizedTest
    @MethodSource("entrants")
    void sumsOverAnyAxes(Entrant entrant, Precision precision) {
        double epsilon = precision == Precision.FLOAT ? Math.ulp(1f) : Math.ulp(1.0);
        RandomStream stream = RandomStream.of(3);
        for (int n : entrant.sizes()) {
            for (int[] axes : new int[][] {{0}, {1}, {2}, {0, 2}, {0, 1}, {1, 2}, {0, 1, 2}}) {
                int[] dims = {1 + stream.nextInt(5), n, 1 + stream.nextInt(20)};
                ProgramBuilder b = new ProgramBuilder();
                Value x = b.input("x", Shape.of(dims), Program.Scope.TASK);
                Value magnitudes = b.select(b.greater(x, b.constant(0)), x, b.neg(x));
                Program program =
                        b.build("sum", outputs(Map.of("sum", b.sum(x, axes), "magnitudes", b.sum(magnitudes, axes))));
                double[] elements = new double[x.shape().size()];
                Arrays.setAll(elements, any -> (float) stream.nextDouble(-2, 2));
                List<Map<String, double[]>> task = List.of(Map.of("x", elements));
                Map<String, double[]> exact =
                        Runs.run(reference(program, Precision.DOUBLE), Precision.DOUBLE, program, Map.of(), task);
                double[] found = Runs.run(entrant.workspace(program, precision), precision, program, Map.of(), task)
                        .get("sum");
                for (int i = 0; i < found.length; i++) {
                    double bound = elements.length * epsilon * exact.get("magnitudes")[i];
                    assertThat(Math.abs(found[i] - exact.get("sum")[i]))
                            .as("%s over %s", x.shape(), Arrays.toString(axes))
                            .isLessThanOrEqualTo(bound);
                }
            }
        }
    }

    /** Expected values from tables, to sixteen digits. */
    @ParameterizedTest
    @EnumSource(Entrant.class)
    void log1pAndExpm1AreAccurateNearZero(Entrant entrant) {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.of(3), Program.Scope.TASK);
        Program program = b.build("small", outputs(Map.of("log1p", b.log1p(x), "expm1", b.expm1(x))));
        double[] small = {1e-12, -1e-9, 1e-5};
        Map<String, double[]> found = Runs.run(
                entrant.workspace(program, Precision.DOUBLE),
                Precision.DOUBLE,
                program,
                Map.of(),
                List.of(Map.of("x", small)));
        double[] logarithms = {9.999999999995e-13, -1.0000000005000000003e-9, 9.99995000033333083e-6};
        double[] exponentials = {1.0000000000005e-12, -9.999999995000000002e-10, 1.00000500001666671e-5};
        for (int i = 0; i < small.length; i++) {
            assertThat(found.get("log1p")[i] / logarithms[i] - 1).isBetween(-1e-15, 1e-15);
            assertThat(found.get("expm1")[i] / exponentials[i] - 1).isBetween(-1e-15, 1e-15);
        }
    }

    @ParameterizedTest
    @MethodSource("entrants")
    void indicesOutOfRangeAreRefused(Entrant entrant, Precision precision) {
        Function<ProgramBuilder, Value> oneHot = b -> b.oneHot(vector(b), 3);
        refuses(entrant, precision, oneHot, 3, "index 3.0: indices must be integers from 0 to 2");
        refuses(entrant, precision, oneHot, Double.NaN, "index NaN: indices must be integers from 0 to 2");
        Function<ProgramBuilder, Value> gather = b -> b.gather(b.iota(3), vector(b));
        refuses(entrant, precision, gather, -1, "index -1.0: indices must be integers from 0 to 2");
        Function<ProgramBuilder, Value> scatter = b -> b.scatterAdd(vector(b), b.iota(1), 3);
        refuses(entrant, precision, scatter, 0.5, "index 0.5: indices must be integers from 0 to 2");
    }

    @ParameterizedTest
    @MethodSource("entrants")
    void loopCountsThatAreNoIntegersOrNegativeAreRefused(Entrant entrant, Precision precision) {
        Function<ProgramBuilder, Value> loop = b -> {
            ProgramBuilder sb = new ProgramBuilder();
            Value carry = sb.input("carry", Shape.scalar(), Program.Scope.LOOP);
            Value next = sb.add(carry, sb.constant(1));
            Program step = sb.build("count", List.of(new Program.Output("carry", Program.Reduction.LOOP, next)));
            Value count = b.reshape(vector(b), Shape.scalar());
            return b.loop(new Attributes.Loop(step, 4, false, 1, 0, 0, false), List.of(count, b.constant(0)))
                    .get(0);
        };
        for (double count : new double[] {-1, 1.5, Double.NaN}) {
            String message = "a count of " + count + " steps; the count must be an integer, at least 0";
            refuses(entrant, precision, loop, count, message);
        }
    }

    private static Value vector(ProgramBuilder b) {
        return b.input("x", Shape.of(1), Program.Scope.TASK);
    }

    /** The reference backend refuses it with the same words. */
    private static void refuses(
            Entrant entrant, Precision precision, Function<ProgramBuilder, Value> value, double given, String message) {
        ProgramBuilder b = new ProgramBuilder();
        Program program = b.build("refused", outputs(Map.of("y", value.apply(b))));
        for (Workspace workspace : List.of(reference(program, precision), entrant.workspace(program, precision))) {
            assertThatThrownBy(() -> Runs.run(
                            workspace, precision, program, Map.of(), List.of(Map.of("x", new double[] {given}))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(message);
        }
    }
}
