package dev.kindling.driver.bench;

import dev.kindling.job.backend.Backends;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Times matrix products of one shape in an executable of the vector backend, on one thread, in GFLOP/s. A program has enough
 * products to make its other work (copying the task's input, summing the outputs) negligible.
 */
final class Product implements BenchmarkCase {
    private static final long MEMORY = 1L << 28;
    /** Floating-point operations of one timed call, enough to make the time of reading the clock negligible. */
    private static final double CALL = 4e7;

    private final String name;
    private final Workspace workspace;
    private final FlatVector episode;
    private final FlatVector sums;
    private final int tasks;
    private final double flops;

    private Product(String name, Program program, double flops) {
        this.name = name;
        this.tasks = (int) Math.max(1, CALL / flops);
        this.flops = tasks * flops;
        Executable executable = Backends.named("vector").compile(program, new CompileOptions(Precision.FLOAT, MEMORY));
        this.workspace = executable.workspace();
        this.episode = noise(program.taskInputs().size(), 1);
        this.sums = FlatVector.zeros(Precision.FLOAT, program.sums().size());
        workspace.setBroadcastInputs(noise(program.broadcastInputs().size(), 2));
    }

    /** Random values, scaled so that chains of 16 products neither overflow nor underflow. */
    private static FlatVector noise(int size, long key) {
        FlatVector noise = FlatVector.zeros(Precision.FLOAT, size);
        RandomStream stream = RandomStream.of(key);
        for (int i = 0; i < size; i++) {
            noise.set(i, 0.2 * stream.nextNormal());
        }
        return noise;
    }

    private static double flops(int m, int k, int n, int count) {
        return 2.0 * m * k * n * count;
    }

    /** x ← x W or x Wᵀ with x [m, n], {@code count} times over. */
    static Product chain(int m, int n, boolean transposed, int count) {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.of(m, n), Program.Scope.TASK);
        Value w = b.input("w", Shape.of(n, n), Program.Scope.BROADCAST);
        for (int i = 0; i < count; i++) {
            x = b.matmul(x, w, false, transposed);
        }
        return of(name(m, n, n, transposed ? " x W'" : " x W"), b, List.of(x), flops(m, n, n, count));
    }

    /** x W or x Wᵀ with x [m, k] and x W [m, n], {@code count} different W. */
    static Product forward(int m, int k, int n, boolean transposed, int count) {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.of(m, k), Program.Scope.TASK);
        List<Value> products = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Shape shape = transposed ? Shape.of(n, k) : Shape.of(k, n);
            products.add(b.matmul(x, b.input("w" + i, shape, Program.Scope.BROADCAST), false, transposed));
        }
        return of(name(m, k, n, transposed ? " x W'" : " x W"), b, products, flops(m, k, n, count));
    }

    /** Sums over tasks of xᵀ D with x [k, m] and D [k, n], {@code count} different D. */
    static Product weights(int m, int k, int n, int count) {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.of(k, m), Program.Scope.TASK);
        List<Value> products = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            products.add(b.matmul(x, b.input("d" + i, Shape.of(k, n), Program.Scope.BROADCAST), true, false));
        }
        return of(name(m, k, n, " += x' D"), b, products, flops(m, k, n, count));
    }

    private static String name(int m, int k, int n, String form) {
        return m + "x" + k + "x" + n + form;
    }

    private static Product of(String name, ProgramBuilder b, List<Value> products, double flops) {
        List<Program.Output> outputs = new ArrayList<>();
        for (Value product : products) {
            outputs.add(new Program.Output("y" + outputs.size(), Program.Reduction.SUM, product));
        }
        return new Product(name, b.build("product", outputs), flops);
    }

    String name() {
        return name;
    }

    @Override
    public Map<String, Double> sample(double seconds) {
        return Map.of(name, Timing.medians(seconds, this::call)[0]);
    }

    private double[] call() {
        long begin = System.nanoTime();
        workspace.run(tasks, this::fill, sums, new double[0]);
        return new double[] {flops / (System.nanoTime() - begin)};
    }

    private void fill(int task, FlatVector target, int offset) {
        target.copyFrom(episode, 0, offset, episode.size());
    }
}
