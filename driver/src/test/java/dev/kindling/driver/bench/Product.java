package dev.kindling.driver.bench;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.Stream;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Products of one shape in an executable of {@code backend.vector}, on one thread, in GFLOP/s. A program holds enough of
 * them that the rest of it (writing the task's input, adding up what comes out) weighs little.
 */
final class Product implements Contender {
    private static final long MEMORY = 1L << 28;
    /** Work of one timed call, large against the clock's own time. */
    private static final double CALL = 4e7;

    private final String name;
    private final Workspace workspace;
    private final Storage episode;
    private final Storage sums;
    private final int tasks;
    private final double flops;

    private Product(String name, Program program, double flops) {
        this.name = name;
        this.tasks = (int) Math.max(1, CALL / flops);
        this.flops = tasks * flops;
        Executable executable = Backends.named("vector").compile(program, new CompileOptions(Precision.FLOAT, MEMORY));
        this.workspace = executable.workspace();
        this.episode = noise(program.taskInputs().size(), 1);
        this.sums = Storage.zeros(Precision.FLOAT, program.sums().size());
        workspace.share(noise(program.sharedInputs().size(), 2));
    }

    /** Small enough that chains of 16 products neither overflow nor vanish. */
    private static Storage noise(int size, long key) {
        Storage noise = Storage.zeros(Precision.FLOAT, size);
        Stream stream = Stream.of(key);
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
        Builder b = new Builder();
        Value x = b.input("x", Shape.of(m, n), Program.Kind.TASK);
        Value w = b.input("w", Shape.of(n, n), Program.Kind.SHARED);
        for (int i = 0; i < count; i++) {
            x = b.matmul(x, w, false, transposed);
        }
        return of(name(m, n, n, transposed ? " x W'" : " x W"), b, List.of(x), flops(m, n, n, count));
    }

    /** x W or x Wᵀ with x [m, k] and x W [m, n], {@code count} different W. */
    static Product forward(int m, int k, int n, boolean transposed, int count) {
        Builder b = new Builder();
        Value x = b.input("x", Shape.of(m, k), Program.Kind.TASK);
        List<Value> products = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Shape shape = transposed ? Shape.of(n, k) : Shape.of(k, n);
            products.add(b.matmul(x, b.input("w" + i, shape, Program.Kind.SHARED), false, transposed));
        }
        return of(name(m, k, n, transposed ? " x W'" : " x W"), b, products, flops(m, k, n, count));
    }

    /** Sums over tasks of xᵀ D with x [k, m] and D [k, n], {@code count} different D. */
    static Product weights(int m, int k, int n, int count) {
        Builder b = new Builder();
        Value x = b.input("x", Shape.of(k, m), Program.Kind.TASK);
        List<Value> products = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            products.add(b.matmul(x, b.input("d" + i, Shape.of(k, n), Program.Kind.SHARED), true, false));
        }
        return of(name(m, k, n, " += x' D"), b, products, flops(m, k, n, count));
    }

    private static String name(int m, int k, int n, String form) {
        return m + "x" + k + "x" + n + form;
    }

    private static Product of(String name, Builder b, List<Value> products, double flops) {
        List<Program.Output> outputs = new ArrayList<>();
        for (Value product : products) {
            outputs.add(new Program.Output("y" + outputs.size(), Program.Role.SUM, product));
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

    private void fill(int task, Storage target, int offset) {
        target.copyFrom(episode, 0, offset, episode.size());
    }
}
