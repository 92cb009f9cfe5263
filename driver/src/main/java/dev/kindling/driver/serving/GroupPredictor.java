package dev.kindling.driver.serving;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.LazyExecutable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Predicts batches of groups: adapts the model to the support rows of each group and predicts its queries. Groups whose sets are
 * padded to the same sizes are run together; the queries of a group beyond the largest size are run in chunks, each with the
 * whole support set. Other groups change no bit of a prediction, nor do padding and other queries where the method has no inner
 * steps; with inner steps products are ordered by their cost, so the numbers of rows may change the last digits. Runs on the
 * driver and on executors. Thread-safe: threads share compiled programs and borrow workspaces.
 */
public final class GroupPredictor {
    private final NavigableMap<Integer, NavigableMap<Integer, SizedProgram>> programs = new TreeMap<>();
    private final List<SizedProgram> all = new ArrayList<>();
    private final FlatVector theta;
    private final int outputs;
    private final boolean hasVariances;

    GroupPredictor(Job job, FlatVector theta) {
        this.theta = theta;
        Backend backend = Backends.named(job.backend());
        job.programs().values().forEach(variants -> {
            SizedProgram program = new SizedProgram(variants.first(), backend, job.options());
            programs.computeIfAbsent(program.support, size -> new TreeMap<>()).put(program.query, program);
        });
        programs.values()
                .forEach(byQuery -> byQuery.values().forEach(program -> {
                    program.number = all.size();
                    all.add(program);
                }));
        SizedProgram first = all.get(0);
        this.outputs = first.outputs;
        this.hasVariances = first.variances >= 0;
    }

    /** The number of outputs for a query: 1 for regression, otherwise the number of classes. */
    public int outputs() {
        return outputs;
    }

    /** Whether the method predicts variances. */
    public boolean predictsVariances() {
        return hasVariances;
    }

    /** The number of queries of a group that are predicted at once; more are divided into chunks of this size. */
    public int chunk() {
        return all.get(all.size() - 1).query;
    }

    /**
     * The predictions for the queries of a batch, in the order in which they were added, in the encoded target's units.
     *
     * @throws IllegalArgumentException if a group has more support rows than the largest program
     */
    public Prediction predict(GroupBatch batch) {
        Prediction result = new Prediction(
                new double[batch.queries() * outputs],
                hasVariances ? Optional.of(new double[batch.queries()]) : Optional.empty());
        List<Chunks> byProgram = new ArrayList<>(all.size());
        all.forEach(program -> byProgram.add(new Chunks()));
        for (int group = 0; group < batch.groups(); group++) {
            if (batch.queries(group) > 0) {
                divide(batch, group, byProgram);
            }
        }
        for (int i = 0; i < byProgram.size(); i++) {
            if (byProgram.get(i).count > 0) {
                all.get(i).run(batch, byProgram.get(i), result);
            }
        }
        return result;
    }

    private void divide(GroupBatch batch, int group, List<Chunks> byProgram) {
        var bySupport = programs.ceilingEntry(batch.supports(group));
        if (bySupport == null) {
            throw new IllegalArgumentException("a group has " + batch.supports(group)
                    + " support rows; it must have at most " + programs.lastKey());
        }
        NavigableMap<Integer, SizedProgram> byQuery = bySupport.getValue();
        int end = batch.firstQuery(group) + batch.queries(group);
        for (int first = batch.firstQuery(group); first < end; ) {
            int count = Math.min(end - first, byQuery.lastKey());
            byProgram.get(byQuery.ceilingEntry(count).getValue().number).add(group, first, count);
            first += count;
        }
    }

    /** Queries of groups that one program predicts. */
    private static final class Chunks {
        private int[] groups = new int[16];
        private int[] firsts = new int[16];
        private int[] sizes = new int[16];
        private int count;

        void add(int group, int first, int size) {
            if (count == groups.length) {
                groups = Arrays.copyOf(groups, 2 * count);
                firsts = Arrays.copyOf(firsts, 2 * count);
                sizes = Arrays.copyOf(sizes, 2 * count);
            }
            groups[count] = group;
            firsts[count] = first;
            sizes[count] = size;
            count++;
        }
    }

    /** The program of one pair of sizes, compiled when it is first run, and its idle workspaces, in which θ is set. */
    private final class SizedProgram {
        private final LazyExecutable compiled;
        private final Precision precision;
        private final int support;
        private final int query;
        private final int outputs;
        /** Where the predictions after the last inner step begin in the program's outputs. */
        private final int predictions;
        /** Where the variances begin; negative if there are none. */
        private final int variances;

        private final Queue<Workspace> idle = new ConcurrentLinkedQueue<>();
        private int number;

        SizedProgram(Program program, Backend backend, CompileOptions options) {
            this.compiled = new LazyExecutable(program, backend, options);
            this.precision = options.precision();
            Layout inputs = program.taskInputs();
            this.support = inputs.shape(EpisodeLayout.SUPPORT_X).dim(0);
            this.query = inputs.shape(EpisodeLayout.QUERY_X).dim(0);
            Layout results = program.perTask();
            int size = results.shape("prediction").size();
            int steps = results.shape("prediction").dim(0);
            this.outputs = size / steps / query;
            this.predictions = results.offset("prediction") + size - size / steps;
            this.variances = results.has("variance")
                    ? results.offset("variance") + results.shape("variance").size() - query
                    : -1;
        }

        void run(GroupBatch batch, Chunks chunks, Prediction result) {
            Program program = compiled.program();
            int length = program.perTask().size();
            double[] each = new double[chunks.count * length];
            Workspace workspace = acquire();
            FlatVector sums = FlatVector.zeros(precision, program.sums().size());
            TaskWriter writer = new TaskWriter(batch, chunks, this, precision);
            workspace.run(chunks.count, writer::write, sums, each);
            idle.add(workspace);
            for (int chunk = 0; chunk < chunks.count; chunk++) {
                int first = chunks.firsts[chunk];
                int count = chunks.sizes[chunk];
                System.arraycopy(
                        each, chunk * length + predictions, result.outputs(), first * outputs, count * outputs);
                if (variances >= 0) {
                    System.arraycopy(
                            each, chunk * length + variances, result.variances().orElseThrow(), first, count);
                }
            }
        }

        private Workspace acquire() {
            Workspace waiting = idle.poll();
            if (waiting != null) {
                return waiting;
            }
            Workspace workspace = compiled.executable().workspace();
            workspace.setBroadcastInputs(theta);
            return workspace;
        }
    }

    /** Writes the episodes of chunks: rows, then zeros for padding. Targets of queries are 0 and their weights 1. */
    private static final class TaskWriter {
        private final GroupBatch batch;
        private final Chunks chunks;
        private final SizedProgram program;
        private final Source supportX;
        private final Source supportY;
        private final Source supportWeights;
        private final Source queryX;
        private final int targetWidth;

        TaskWriter(GroupBatch batch, Chunks chunks, SizedProgram program, Precision precision) {
            this.batch = batch;
            this.chunks = chunks;
            this.program = program;
            this.supportX = new Source(batch.supportX(), precision);
            this.supportY = new Source(batch.supportY(), precision);
            this.supportWeights = new Source(batch.supportWeights(), precision);
            this.queryX = new Source(batch.queryX(), precision);
            this.targetWidth = program.compiled
                            .program()
                            .taskInputs()
                            .shape(EpisodeLayout.SUPPORT_Y)
                            .size()
                    / program.support;
        }

        void write(int chunk, FlatVector target, int offset) {
            int width = batch.width();
            int group = chunks.groups[chunk];
            int first = batch.firstSupport(group);
            int rows = batch.supports(group);
            int queries = chunks.sizes[chunk];
            int at = supportX.write(first * width, rows * width, target, offset, program.support * width);
            at = supportY.write(first, rows, target, at, program.support * targetWidth);
            at = queryX.write(chunks.firsts[chunk] * width, queries * width, target, at, program.query * width);
            at = fill(target, at, program.query * targetWidth, 0);
            at = supportWeights.write(first, rows, target, at, program.support);
            fill(target, fill(target, at, queries, 1), program.query - queries, 0);
        }

        private static int fill(FlatVector target, int offset, int count, double value) {
            for (int i = 0; i < count; i++) {
                target.set(offset + i, value);
            }
            return offset + count;
        }

        /** An array of a batch, copied at once where the program computes in floats. */
        private record Source(float[] values, Precision precision, FlatVector vector) {
            Source(float[] values, Precision precision) {
                this(values, precision, new FlatVector.OfFloat(values));
            }

            /** Writes {@code count} values and zeros up to {@code size}; returns the offset of what follows. */
            int write(int first, int count, FlatVector target, int offset, int size) {
                if (precision == Precision.FLOAT) {
                    target.copyFrom(vector, first, offset, count);
                } else {
                    for (int i = 0; i < count; i++) {
                        target.set(offset + i, values[first + i]);
                    }
                }
                return fill(target, offset + count, size - count, 0);
            }
        }
    }
}
