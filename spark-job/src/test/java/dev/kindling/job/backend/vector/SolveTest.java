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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** SOLVE on the vector and the scalar backend is, bit by bit, the chains of multiply-adds that {@link FloatCholesky} documents. */
class SolveTest {
    private static final int[] COLUMNS = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 100};

    @ParameterizedTest
    @EnumSource(Precision.class)
    void everyElementIsOneChainWhateverTheBlocks(Precision precision) {
        for (int n : new int[] {1, 2, 3, 4, 5, 6, 9, 10, 11, 14, 16, 19, 24, 40, 53, 100}) {
            for (int m : COLUMNS) {
                RandomStream stream = RandomStream.of(n, m);
                double[] a = positiveDefinite(stream, n, precision);
                double[] b = new double[n * m];
                Arrays.setAll(b, any -> (float) stream.nextDouble(-2, 2));
                double[] expected =
                        precision == Precision.FLOAT ? doubles(chains(n, m, floats(a), floats(b))) : chains(n, m, a, b);
                Program program = program(n, m);
                for (Workspace workspace :
                        List.of(Planned.workspace(program, precision), Planned.scalar(program, precision))) {
                    double[] found = Runs.run(workspace, precision, program, List.of(Map.of("a", a, "b", b)))
                            .get("x");
                    assertThat(found).as("%d x %d", n, m).containsExactly(expected);
                }
            }
        }
    }

    static Program program(int n, int m) {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.solve(
                b.input("a", Shape.of(n, n), Program.Scope.TASK), b.input("b", Shape.of(n, m), Program.Scope.TASK));
        return b.build("solve", List.of(new Program.Output("x", Program.Reduction.PER_TASK, x)));
    }

    /** C Cᵀ / n + I, and what a symmetric part does not contain. */
    static double[] positiveDefinite(RandomStream stream, int n, Precision precision) {
        double[] c = new double[n * n];
        Arrays.setAll(c, any -> stream.nextDouble(-1, 1));
        double[] a = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double sum = i == j ? 1 : 0.25 * Integer.signum(i - j);
                for (int k = 0; k < n; k++) {
                    sum += c[i * n + k] * c[j * n + k] / n;
                }
                a[i * n + j] = precision.round(sum);
            }
        }
        return a;
    }

    private static float[] chains(int n, int m, float[] a, float[] b) {
        float[] u = new float[n * n];
        float[] reciprocals = new float[n];
        for (int i = 0; i < n; i++) {
            for (int j = i; j < n; j++) {
                float chain = -0.5f * (a[i * n + j] + a[j * n + i]);
                for (int k = 0; k < i; k++) {
                    chain = Math.fma(u[k * n + i], u[k * n + j], chain);
                }
                if (j == i) {
                    reciprocals[i] = -1f / (float) Math.sqrt(-chain);
                }
                u[i * n + j] = chain * reciprocals[i];
            }
        }
        float[] x = new float[n * m];
        for (int j = 0; j < m; j++) {
            for (int i = 0; i < n; i++) {
                float chain = -b[i * m + j];
                for (int k = 0; k < i; k++) {
                    chain = Math.fma(u[k * n + i], x[k * m + j], chain);
                }
                x[i * m + j] = chain * reciprocals[i];
            }
            for (int i = n - 1; i >= 0; i--) {
                float chain = -x[i * m + j];
                for (int k = n - 1; k > i; k--) {
                    chain = Math.fma(u[i * n + k], x[k * m + j], chain);
                }
                x[i * m + j] = chain * reciprocals[i];
            }
        }
        return x;
    }

    private static double[] chains(int n, int m, double[] a, double[] b) {
        double[] u = new double[n * n];
        double[] reciprocals = new double[n];
        for (int i = 0; i < n; i++) {
            for (int j = i; j < n; j++) {
                double chain = -0.5 * (a[i * n + j] + a[j * n + i]);
                for (int k = 0; k < i; k++) {
                    chain = Math.fma(u[k * n + i], u[k * n + j], chain);
                }
                if (j == i) {
                    reciprocals[i] = -1 / Math.sqrt(-chain);
                }
                u[i * n + j] = chain * reciprocals[i];
            }
        }
        double[] x = new double[n * m];
        for (int j = 0; j < m; j++) {
            for (int i = 0; i < n; i++) {
                double chain = -b[i * m + j];
                for (int k = 0; k < i; k++) {
                    chain = Math.fma(u[k * n + i], x[k * m + j], chain);
                }
                x[i * m + j] = chain * reciprocals[i];
            }
            for (int i = n - 1; i >= 0; i--) {
                double chain = -x[i * m + j];
                for (int k = n - 1; k > i; k--) {
                    chain = Math.fma(u[i * n + k], x[k * m + j], chain);
                }
                x[i * m + j] = chain * reciprocals[i];
            }
        }
        return x;
    }

    private static float[] floats(double[] numbers) {
        float[] floats = new float[numbers.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) numbers[i];
        }
        return floats;
    }

    private static double[] doubles(float[] numbers) {
        double[] doubles = new double[numbers.length];
        Arrays.setAll(doubles, i -> numbers[i]);
        return doubles;
    }
}
