package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The ops that read their indices, or the key of their numbers. These come to the host, where they are checked and become
 * places among the rows of all tasks.
 */
final class IndexingKernels {
    private IndexingKernels() {}

    /** The hash of a key is arithmetic on 64 bits, which ND4J does not have: the host makes the numbers. */
    static void uniform(OpRecorder recorder, Instruction.Call call) {
        BufferViews bufferViews = recorder.frame();
        DataBuffer keys = bufferViews.buffer(call.arg(0));
        DataBuffer numbers = bufferViews.buffer(call.result());
        int parts = call.arg(0).size();
        int count = call.result().size();
        int tasks = bufferViews.tasks(call.result());
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

    /** Says where index {@code i} of a task belongs. */
    private interface Target {
        long at(int task, int i, int index);
    }

    /** Reads indices below a bound, and writes for each what the target says at the place where {@code order} says. */
    private static void indices(
            OpRecorder recorder,
            Value value,
            TensorView given,
            TensorView written,
            int bound,
            Target order,
            Target target) {
        BufferViews bufferViews = recorder.frame();
        DataBuffer from = bufferViews.buffer(given);
        DataBuffer to = bufferViews.buffer(written);
        int count = given.size();
        int tasks = bufferViews.tasks(written);
        boolean own = given.axis() == TaskAxis.TASKS;
        recorder.add(active -> {
            for (int task = 0; task < tasks; task++) {
                for (int i = 0; i < count; i++) {
                    double index = from.getDouble(own ? (long) task * count + i : i);
                    int whole = active[task] ? whole(value, index, bound) : 0;
                    to.put(order.at(task, i, whole), target.at(task, i, whole));
                }
            }
        });
    }

    private static int whole(Value value, double index, int bound) {
        int whole = (int) index;
        if (whole != index || whole < 0 || whole >= bound) {
            throw new IllegalArgumentException(value.op().printed() + " at index " + index
                    + ": indices must be whole numbers from 0 to " + (bound - 1));
        }
        return whole;
    }

    private static INDArray matrix(BufferViews bufferViews, TensorView view, int columns) {
        int rows = bufferViews.tasks(view) * (view.size() / columns);
        return bufferViews.view(view, new Strided(new long[] {rows, columns}, new long[] {columns, 1}, 0));
    }

    private static INDArray vector(BufferViews bufferViews, TensorView view, long offset, int count) {
        return bufferViews.view(view, new Strided(new long[] {count}, new long[] {1}, offset));
    }

    /** ONE_HOT. */
    static final class OneHot implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            return List.of(Nd4jKernels.Need.indices(axis, args.get(0).size()));
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BufferViews bufferViews = recorder.frame();
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
            INDArray result = matrix(bufferViews, call.result(), depth);
            recorder.exec(
                    "onehot",
                    result,
                    List.of(vector(bufferViews, indices, 0, bufferViews.tasks(indices) * count)),
                    new long[] {-1, depth, result.dataType().toInt()},
                    new double[] {1, 0});
        }
    }

    /** GATHER, out of the rows of all tasks, or of those that they share. */
    static final class Gather implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            return List.of(Nd4jKernels.Need.indices(axis, args.get(1).size()));
        }

        @Override
        public boolean mixesAxes() {
            return true;
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BufferViews bufferViews = recorder.frame();
            TensorView source = call.arg(0);
            TensorView indices = call.scratch().get(0);
            int rows = call.value().arg(0).shape().dim(0);
            int count = indices.size();
            int width = source.size() / rows;
            long apart = source.axis() == TaskAxis.TASKS ? rows : 0;
            indices(
                    recorder,
                    call.value(),
                    call.arg(1),
                    indices,
                    rows,
                    (task, i, index) -> (long) task * count + i,
                    (task, i, index) -> task * apart + index);
            recorder.exec(
                    "gather",
                    matrix(bufferViews, call.result(), width),
                    List.of(
                            matrix(bufferViews, source, width),
                            vector(bufferViews, indices, 0, bufferViews.tasks(indices) * count)),
                    0);
        }
    }

    /**
     * SCATTER_ADD: row after row, each for all tasks at once, so that no two additions of one kernel meet and their order
     * is that of the rows.
     */
    static final class ScatterAdd implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            return List.of(Nd4jKernels.Need.indices(axis, args.get(0).size()));
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BufferViews bufferViews = recorder.frame();
            TensorView added = call.arg(1);
            TensorView indices = call.scratch().get(0);
            int rows = call.value().count();
            int count = indices.size();
            int width = added.size() / count;
            int tasks = bufferViews.tasks(indices);
            indices(
                    recorder,
                    call.value(),
                    call.arg(0),
                    indices,
                    rows,
                    (task, i, index) -> (long) i * tasks + task,
                    (task, i, index) -> (long) task * rows + index);
            INDArray result = matrix(bufferViews, call.result(), width);
            recorder.fill(result, 0);
            for (int i = 0; i < count; i++) {
                INDArray row = bufferViews.view(
                        added, new Strided(new long[] {tasks, width}, new long[] {added.size(), 1}, (long) i * width));
                recorder.exec(
                        "scatter_add",
                        result,
                        List.of(result, vector(bufferViews, indices, (long) i * tasks, tasks), row));
            }
        }
    }
}
