package dev.kindling.job.backend.nd4j;

import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Arrays over a memory for one count of tasks: whatever stands in a slot, read with any strides. */
final class BufferViews {
    private final BufferPool pool;
    private final int tasks;

    BufferViews(BufferPool pool, int tasks) {
        this.pool = pool;
        this.tasks = tasks;
    }

    /** How many tasks' numbers stand at a place. */
    int tasks(TensorView view) {
        return tasks(view.axis());
    }

    int tasks(TaskAxis axis) {
        return axis == TaskAxis.ONE ? 1 : tasks;
    }

    DataBuffer buffer(TensorView view) {
        return pool.buffer(view.buffer());
    }

    /** The numbers at a place, dense, with an axis of tasks in front. */
    INDArray array(TensorView view, long... extents) {
        return view(view, Strided.dense(tasks(view), view.size(), extents));
    }

    /** The numbers at a place as [tasks, count]. */
    INDArray flat(TensorView view) {
        return array(view, view.size());
    }

    /** The numbers of one task. */
    INDArray row(TensorView view, int task) {
        long offset = view.axis() == TaskAxis.ONE ? 0 : (long) task * view.size();
        return view(view, new Strided(new long[] {1, view.size()}, new long[] {view.size(), 1}, offset));
    }

    /** What stands in the slot of a place, read in another way. */
    INDArray view(TensorView view, Strided strided) {
        DataBuffer buffer = buffer(view);
        return Nd4j.create(buffer, strided.extents(), strided.strides(), strided.offset(), 'c', buffer.dataType());
    }
}
