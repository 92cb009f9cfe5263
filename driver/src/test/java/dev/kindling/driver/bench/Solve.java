package dev.kindling.driver.bench;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CholeskySolver;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Map;

/**
 * Times the factorisation of one symmetric positive definite matrix and the solution for its right-hand sides, on one
 * thread, in GFLOP/s: in an executable of the vector backend in single precision, or in plain loops over doubles.
 */
final class Solve implements BenchmarkCase {
    private static final long MEMORY = 1L << 28;
    /** Floating-point operations of one timed call, enough to make the time of reading the clock negligible. */
    private static final double CALL = 4e7;

    private final String name;
    private final Runnable systems;
    private final double flops;

    private Solve(String name, int n, int m, int count, Runnable systems) {
        this.name = name;
        this.systems = systems;
        this.flops = count * flops(n, m);
    }

    /** A third of n³ for the factor and n² for each of two substitutions, as multiplications and additions. */
    private static double flops(int n, int m) {
        return n * (double) n * n / 3 + 2.0 * n * n * m;
    }

    private static int count(int n, int m) {
        return (int) Math.max(1, CALL / flops(n, m));
    }

    /** SOLVE(A, B) with A [n, n] and B [n, m] of each task. */
    static Solve vector(int n, int m) {
        ProgramBuilder b = new ProgramBuilder();
        Program program = b.build(
                "solve",
                List.of(new Program.Output(
                        "x",
                        Program.Reduction.SUM,
                        b.solve(
                                b.input("a", Shape.of(n, n), Program.Scope.TASK),
                                b.input("b", Shape.of(n, m), Program.Scope.TASK)))));
        Workspace workspace = Backends.named("vector")
                .compile(program, new CompileOptions(Precision.FLOAT, MEMORY))
                .workspace();
        FlatVector episode = FlatVector.zeros(Precision.FLOAT, n * n + n * m);
        double[] numbers = numbers(n, m);
        for (int i = 0; i < numbers.length; i++) {
            episode.set(i, numbers[i]);
        }
        FlatVector sums = FlatVector.zeros(Precision.FLOAT, n * m);
        int count = count(n, m);
        return new Solve(
                name(n, m),
                n,
                m,
                count,
                () -> workspace.run(
                        count,
                        (task, target, offset) -> target.copyFrom(episode, 0, offset, episode.size()),
                        sums,
                        new double[0]));
    }

    /** The same in plain loops: the baseline. */
    static Solve plainLoops(int n, int m) {
        double[] numbers = numbers(n, m);
        double[] x = new double[n * m];
        CholeskySolver solver = new CholeskySolver(n);
        int count = count(n, m);
        return new Solve(plainName(n, m), n, m, count, () -> {
            for (int i = 0; i < count; i++) {
                System.arraycopy(numbers, n * n, x, 0, x.length);
                solver.factorise(numbers);
                solver.solve(x, m);
            }
        });
    }

    static String name(int n, int m) {
        return "solve " + n + "x" + n + ", " + m + " columns";
    }

    static String plainName(int n, int m) {
        return "plain loops " + n + "x" + n + ", " + m + " columns";
    }

    /** A symmetric matrix with a dominant diagonal, then the right-hand sides. */
    private static double[] numbers(int n, int m) {
        RandomStream stream = RandomStream.of(n, m);
        double[] numbers = new double[n * n + n * m];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double number = i == j ? n : stream.nextDouble(-1, 1);
                numbers[i * n + j] = number;
                numbers[j * n + i] = number;
            }
        }
        for (int i = n * n; i < numbers.length; i++) {
            numbers[i] = stream.nextNormal();
        }
        return numbers;
    }

    @Override
    public Map<String, Double> sample(double seconds) {
        return Map.of(name, Timing.medians(seconds, this::call)[0]);
    }

    private double[] call() {
        long begin = System.nanoTime();
        systems.run();
        return new double[] {flops / (System.nanoTime() - begin)};
    }
}
