package dev.kindling.job.backend.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Products with all transpositions and sizes below, at and above one, two and three vectors: errors are at most
 * terms · ε · Σ|a·b|, which holds for any order of additions.
 */
class MatmulPlannerTest {
    private static final int SHAPES = 250;
    private static final int MAX_EXTENT = 70;

    @ParameterizedTest
    @EnumSource(Precision.class)
    void everyElementIsWithinTheBoundOfItsSum(Precision precision) {
        RandomStream stream = RandomStream.of(5);
        for (int shape = 0; shape < SHAPES; shape++) {
            int m = 1 + stream.nextInt(shape % 2 == 0 ? MAX_EXTENT : 6);
            int n = 1 + shape % MAX_EXTENT;
            int k = 1 + stream.nextInt(MAX_EXTENT);
            for (int transposed = 0; transposed < 4; transposed++) {
                check(new Case(m, n, k, (transposed & 1) != 0, (transposed & 2) != 0), precision, stream);
            }
        }
    }

    private record Case(int m, int n, int k, boolean left, boolean right) {
        Shape a() {
            return left ? Shape.of(k, m) : Shape.of(m, k);
        }

        Shape b() {
            return right ? Shape.of(n, k) : Shape.of(k, n);
        }

        double a(double[] a, int i, int x) {
            return a[left ? x * m + i : i * k + x];
        }

        double b(double[] b, int x, int j) {
            return b[right ? j * k + x : x * n + j];
        }

        Sum element(Map<String, double[]> arrays, int i, int j) {
            Sum sum = new Sum();
            for (int x = 0; x < k; x++) {
                sum.plus(a(arrays.get("a"), i, x) * b(arrays.get("b"), x, j));
            }
            return sum;
        }
    }

    private static void check(Case c, Precision precision, RandomStream stream) {
        ProgramBuilder b = new ProgramBuilder();
        Value left = b.input("a", c.a(), Program.Scope.TASK);
        Value right = b.input("b", c.b(), Program.Scope.TASK);
        Value row = b.input("row", Shape.of(c.n()), Program.Scope.BROADCAST);
        Value full = b.input("full", Shape.of(c.m(), c.n()), Program.Scope.TASK);
        Value product = b.matmul(left, right, c.left(), c.right());
        Value again = b.matmul(b.neg(left), right, c.left(), c.right());
        Value third = b.matmul(left, b.neg(right), c.left(), c.right());
        Value fourth = b.matmul(b.neg(left), b.neg(right), c.left(), c.right());
        Program program = b.build(
                "product",
                List.of(
                        new Program.Output("product", Program.Reduction.PER_TASK, product),
                        new Program.Output("onRow", Program.Reduction.PER_TASK, b.add(again, row)),
                        new Program.Output("onFull", Program.Reduction.PER_TASK, b.add(third, full)),
                        new Program.Output("summed", Program.Reduction.SUM, fourth)));
        List<Map<String, double[]>> tasks = new ArrayList<>();
        for (int task = 0; task < 2; task++) {
            Map<String, double[]> arrays = new HashMap<>();
            arrays.put("a", numbers(c.a(), stream));
            arrays.put("b", numbers(c.b(), stream));
            arrays.put("full", numbers(full.shape(), stream));
            tasks.add(arrays);
        }
        double[] ofRow = numbers(row.shape(), stream);
        Workspace workspace = Planned.workspace(program, precision);
        workspace.setBroadcastInputs(Runs.pack(program.broadcastInputs(), precision, Map.of("row", ofRow)));
        Map<String, double[]> found = Runs.run(workspace, precision, program, tasks);

        int size = c.m() * c.n();
        for (int at = 0; at < size; at++) {
            int i = at / c.n();
            int j = at % c.n();
            Sum sums = new Sum();
            for (int task = 0; task < 2; task++) {
                Sum one = c.element(tasks.get(task), i, j);
                double start = tasks.get(task).get("full")[at];
                int index = task * size + at;
                String what = c + " in " + precision + ", task " + task + ", row " + i + ", column " + j;
                one.check(found.get("product")[index], precision, what);
                one.negated().plus(ofRow[j]).check(found.get("onRow")[index], precision, what + " on a row");
                one.negated().plus(start).check(found.get("onFull")[index], precision, what + " on all");
                sums.add(one);
            }
            sums.check(found.get("summed")[at], precision, "sum over tasks of " + c);
        }
    }

    /** A sum in double with the magnitude and number of its terms, which bound the error of any order of additions. */
    private static final class Sum {
        private double total;
        private double sizes;
        private int terms;

        Sum plus(double term) {
            total += term;
            sizes += Math.abs(term);
            terms++;
            return this;
        }

        void add(Sum other) {
            total += other.total;
            sizes += other.sizes;
            terms += other.terms;
        }

        Sum negated() {
            Sum sum = new Sum();
            sum.add(this);
            sum.total = -total;
            return sum;
        }

        void check(double found, Precision precision, String what) {
            double epsilon = precision == Precision.FLOAT ? Math.ulp(1f) : Math.ulp(1.0);
            double bound = terms * epsilon * sizes;
            if (!(Math.abs(found - total) <= bound)) {
                assertThat(found).as(what).isCloseTo(total, within(bound));
            }
        }
    }

    /** Checks the kernel bitwise, with the left operand transposed and every kind of start. */
    @Test
    void theKernelIsOneChainOfMultiplyAddsPerElement() {
        RandomStream stream = RandomStream.of(6);
        for (int n = 1; n <= MAX_EXTENT; n++) {
            for (int m : new int[] {1, 4, 5, 13}) {
                int k = 1 + stream.nextInt(MAX_EXTENT);
                float[] a = floats(m * k, stream);
                float[] b = floats(k * n + FloatLanes.slack(), stream);
                float[] s = floats(m * n + FloatLanes.slack(), stream);
                for (int sRow : new int[] {0, n}) {
                    float[] c = new float[m * n + FloatLanes.slack()];
                    FloatMatmul.multiply(m, n, k, a, 0, 1, m, b, 0, s, 0, sRow, c, 0);
                    float[] scalar = new float[m * n];
                    FloatScalarMatmul.multiply(m, n, k, a, 0, 1, m, b, 0, s, 0, sRow, scalar, 0);
                    assertThat(scalar)
                            .as("plain loops: %d x %d over %d", m, n, k)
                            .isEqualTo(Arrays.copyOf(c, m * n));
                    for (int at = 0; at < m * n; at++) {
                        float sum = s[at / n * sRow + at % n];
                        for (int x = 0; x < k; x++) {
                            sum = Math.fma(a[x * m + at / n], b[x * n + at % n], sum);
                        }
                        if (c[at] != sum) {
                            assertThat(c[at])
                                    .as(m + " x " + n + " over " + k + " at " + at)
                                    .isEqualTo(sum);
                        }
                    }
                }
            }
        }
    }

    /**
     * Products that are added to an output are multiplied for several tasks together: each element is one chain of multiply-adds,
     * task by task, and within a task product by product. Stages that are full, and not; tasks whose first steps use memory again
     * that is free when the products are planned.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5, 11})
    void sumsOfProductsOverTasksAreOneChain(int tasks) {
        int m = 21;
        int n = 50;
        int[] points = {5, 2};
        ProgramBuilder b = new ProgramBuilder();
        List<Value> products = new ArrayList<>();
        Value positive = b.input("positive", Shape.of(4 * m * n), Program.Scope.TASK);
        Value zero = b.sum(b.relu(b.neg(positive)), 0);
        for (int i = 0; i < points.length; i++) {
            Value x = b.input("x" + i, Shape.of(points[i], m), Program.Scope.TASK);
            Value cotangent = b.input("cotangent" + i, Shape.of(points[i], n), Program.Scope.TASK);
            products.add(b.matmul(x, b.add(cotangent, zero), true, false));
        }
        Program program = b.build(
                "products",
                List.of(new Program.Output("sum", Program.Reduction.SUM, b.add(products.get(0), products.get(1)))));
        RandomStream stream = RandomStream.of(8);
        List<Map<String, double[]>> arrays = new ArrayList<>();
        float[] chains = new float[m * n];
        for (int task = 0; task < tasks; task++) {
            Map<String, double[]> ofTask = new HashMap<>();
            double[] positives = new double[positive.shape().size()];
            Arrays.fill(positives, 3);
            ofTask.put("positive", positives);
            for (int i = 0; i < points.length; i++) {
                double[] x = numbers(Shape.of(points[i], m), stream);
                double[] cotangent = numbers(Shape.of(points[i], n), stream);
                ofTask.put("x" + i, x);
                ofTask.put("cotangent" + i, cotangent);
                for (int at = 0; at < m * n; at++) {
                    for (int p = 0; p < points[i]; p++) {
                        chains[at] = Math.fma((float) x[p * m + at / n], (float) cotangent[p * n + at % n], chains[at]);
                    }
                }
            }
            arrays.add(ofTask);
        }
        double[] expected = new double[m * n];
        Arrays.setAll(expected, at -> chains[at]);
        for (Workspace workspace :
                List.of(Planned.workspace(program, Precision.FLOAT), Planned.scalar(program, Precision.FLOAT))) {
            for (int run = 0; run < 2; run++) {
                assertThat(Runs.run(workspace, Precision.FLOAT, program, arrays).get("sum"))
                        .isEqualTo(expected);
            }
        }
    }

    private static float[] floats(int size, RandomStream stream) {
        float[] numbers = new float[size];
        for (int i = 0; i < size; i++) {
            numbers[i] = (float) stream.nextDouble(-2, 2);
        }
        return numbers;
    }

    /** Numbers that floats hold exactly, so that both precisions have the same inputs. */
    private static double[] numbers(Shape shape, RandomStream stream) {
        double[] numbers = new double[shape.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) stream.nextDouble(-2, 2);
        }
        return numbers;
    }
}
