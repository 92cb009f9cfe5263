package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The kernels of ops that read indices or keys. These are read on the host, where indices are checked and converted to
 * indices into the rows of all tasks.
 */
final class IndexingKernels {
    private IndexingKernels() {}

    /** Computed on the host, because ND4J lacks the 64-bit integer arithmetic of the generator. */
    static void uniform(OpRecorder recorder, Instruction.Call call) {
        BufferViews views = recorder.views();
        DataBuffer keys = views.buffer(call.arg(0));
        DataBuffer numbers = views.buffer(call.result());
        int parts = call.arg(0).size();
        int count = call.result().size();
        int tasks = views.tasks(call.result());
        recorder.add(active -> {
            long[] key = new long[parts];
            for (int task = 0; task < tasks; task++) {
                for (int i = 0; i < parts; i++) {
                    key[i] = (long) keys.getDouble((long) task * parts + i);
                }
                RandomStream stream = RandomStream.of(key);
                for (int i = 0; i < count; i++) {
                    numbers.put((long) task * count + i, stream.next24Bits());
                }
            }
        });
    }

    /** Maps the {@code i}-th index of a task, and its position, to a position over all tasks. */
    private interface Mapping {
        long at(int task, int i, int index);
    }

    /**
     * Records the conversion of indices: reads indices below {@code bound}, and writes for each its {@code target} at its
     * {@code order}.
     */
    private static void indices(
            OpRecorder recorder,
            Value value,
            TensorView source,
            TensorView converted,
            int bound,
            Mapping order,
            Mapping target) {
        BufferViews views = recorder.views();
        DataBuffer from = views.buffer(source);
        DataBuffer to = views.buffer(converted);
        int count = source.size();
        int tasks = views.tasks(converted);
        boolean perTask = source.axis() == TaskAxis.TASKS;
        recorder.add(active -> {
            for (int task = 0; task < tasks; task++) {
                for (int i = 0; i < count; i++) {
                    double index = from.getDouble(perTask ? (long) task * count + i : i);
                    int checked = active[task] ? checkedIndex(value, index, bound) : 0;
                    to.put(order.at(task, i, checked), target.at(task, i, checked));
                }
            }
        });
    }

    private static int checkedIndex(Value value, double index, int bound) {
        int integer = (int) index;
        if (integer != index || integer < 0 || integer >= bound) {
            throw new IllegalArgumentException(value.op().printed() + " at index " + index
                    + ": indices must be integers from 0 to " + (bound - 1));
        }
        return integer;
    }

    private static INDArray matrix(BufferViews views, TensorView view, int columns) {
        int rows = views.tasks(view) * (view.size() / columns);
        return views.view(view, new Strided(new long[] {rows, columns}, new long[] {columns, 1}, 0));
    }

    private static INDArray vector(BufferViews views, TensorView view, long offset, int count) {
        return views.view(view, new Strided(new long[] {count}, new long[] {1}, offset));
    }

    /** ONE_HOT. */
    static final class OneHot implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            return List.of(Nd4jKernels.Scratch.indices(axis, args.get(0).size()));
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BufferViews views = recorder.views();
            TensorView indices = call.scratch().get(0);
            int count = indices.size();
            int depth = call.value().count();
            indices(
                    recorder,
                    call.value(),
                    call.arg(0),
                    indices,
                    depth,
                    (task, i, index) -> (long) task * count + i,
                    (task, i, index) -> index);
            INDArray result = matrix(views, call.result(), depth);
            recorder.exec(
                    "onehot",
                    result,
                    List.of(vector(views, indices, 0, views.tasks(indices) * count)),
                    new long[] {-1, depth, result.dataType().toInt()},
                    new double[] {1, 0});
        }
    }

    /** GATHER, from the rows of all tasks, or from rows without task axis. */
    static final class Gather implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            return List.of(Nd4jKernels.Scratch.indices(axis, args.get(1).size()));
        }

        @Override
        public boolean acceptsMixedAxes() {
            return true;
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BufferViews views = recorder.views();
            TensorView source = call.arg(0);
            TensorView indices = call.scratch().get(0);
            int rows = call.value().arg(0).shape().dim(0);
            int count = indices.size();
            int width = source.size() / rows;
            long rowsPerTask = source.axis() == TaskAxis.TASKS ? rows : 0;
            indices(
                    recorder,
                    call.value(),
                    call.arg(1),
                    indices,
                    rows,
                    (task, i, index) -> (long) task * count + i,
                    (task, i, index) -> task * rowsPerTask + index);
            recorder.exec(
                    "gather",
                    matrix(views, call.result(), width),
                    List.of(matrix(views, source, width), vector(views, indices, 0, views.tasks(indices) * count)),
                    0);
        }
    }

    /**
     * SCATTER_ADD: row by row, each for all tasks at once, so that one kernel adds to a row only once and additions are in
     * the order of the rows.
     */
    static final class ScatterAdd implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            return List.of(Nd4jKernels.Scratch.indices(axis, args.get(0).size()));
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BufferViews views = recorder.views();
            TensorView added = call.arg(1);
            TensorView indices = call.scratch().get(0);
            int rows = call.value().count();
            int count = indices.size();
            int width = added.size() / count;
            int tasks = views.tasks(indices);
            indices(
                    recorder,
                    call.value(),
                    call.arg(0),
                    indices,
                    rows,
                    (task, i, index) -> (long) i * tasks + task,
                    (task, i, index) -> (long) task * rows + index);
            INDArray result = matrix(views, call.result(), width);
            recorder.fill(result, 0);
            for (int i = 0; i < count; i++) {
                INDArray row = views.view(
                        added, new Strided(new long[] {tasks, width}, new long[] {added.size(), 1}, (long) i * width));
                recorder.exec(
                        "scatter_add", result, List.of(result, vector(views, indices, (long) i * tasks, tasks), row));
            }
        }
    }
}
