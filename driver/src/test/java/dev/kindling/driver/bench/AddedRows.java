package dev.kindling.driver.bench;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Map;

/**
 * Times tasks that add a few rows at indices to a summed output, the gradient of an embedding table, on one thread of the
 * vector backend in single precision: to the block's sum directly, or with an array of the table's size for each task.
 */
final class AddedRows implements BenchmarkCase {
    private static final long MEMORY = 1L << 30;
    private static final int WIDTH = 8;
    private static final int LOOKUPS = 20;

    /** Tasks of one timed call, in which the sum is cleared once. */
    private static final int TASKS = 500;

    private final String name;
    private final Runnable tasks;

    private AddedRows(String name, Runnable tasks) {
        this.name = name;
        this.tasks = tasks;
    }

    /**
     * Tasks with a table of {@code rows} rows.
     *
     * @param dense whether the rows are negated after they are added, so that the output does not absorb the addition
     */
    static AddedRows of(int rows, boolean dense) {
        ProgramBuilder b = new ProgramBuilder();
        Value added = b.scatterAdd(
                b.input("indices", Shape.of(LOOKUPS), Program.Scope.TASK),
                b.input("rows", Shape.of(LOOKUPS, WIDTH), Program.Scope.TASK),
                rows);
        Program program = b.build(
                "rows", List.of(new Program.Output("table", Program.Reduction.SUM, dense ? b.neg(added) : added)));
        Workspace workspace = Backends.named("vector")
                .compile(program, new CompileOptions(Precision.FLOAT, MEMORY))
                .workspace();
        RandomStream stream = RandomStream.of(rows);
        FlatVector episode = FlatVector.zeros(Precision.FLOAT, LOOKUPS * (1 + WIDTH));
        for (int i = 0; i < episode.size(); i++) {
            episode.set(i, i < LOOKUPS ? stream.nextInt(rows) : stream.nextNormal());
        }
        FlatVector sums = FlatVector.zeros(Precision.FLOAT, rows * WIDTH);
        return new AddedRows(
                name(rows, dense),
                () -> workspace.run(
                        TASKS,
                        (task, target, offset) -> target.copyFrom(episode, 0, offset, episode.size()),
                        sums,
                        new double[0]));
    }

    static String name(int rows, boolean dense) {
        return (dense ? "a dense array of " : "rows added to ") + rows + "x" + WIDTH;
    }

    @Override
    public Map<String, Double> sample(double seconds) {
        return Map.of(name, Timing.medians(seconds, this::call)[0]);
    }

    private double[] call() {
        long begin = System.nanoTime();
        tasks.run();
        return new double[] {TASKS * 1e6 / (System.nanoTime() - begin)};
    }
}
