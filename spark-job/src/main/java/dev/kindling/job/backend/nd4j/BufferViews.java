package dev.kindling.job.backend.nd4j;

import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Creates ND4J arrays over the buffers of a pool, for one batch size, with any strides. */
final class BufferViews {
    private final BufferPool pool;
    private final int tasks;

    BufferViews(BufferPool pool, int tasks) {
        this.pool = pool;
        this.tasks = tasks;
    }

    /** Number of tasks whose elements a view covers. */
    int tasks(TensorView view) {
        return tasks(view.axis());
    }

    int tasks(TaskAxis axis) {
        return axis == TaskAxis.ONE ? 1 : tasks;
    }

    DataBuffer buffer(TensorView view) {
        return pool.buffer(view.buffer());
    }

    /** A view as a dense array with a leading task axis. */
    INDArray array(TensorView view, long... extents) {
        return view(view, Strided.dense(tasks(view), view.size(), extents));
    }

    /** A view as an array [tasks, size]. */
    INDArray flat(TensorView view) {
        return array(view, view.size());
    }

    /** The elements of one task as an array [1, size]. */
    INDArray row(TensorView view, int task) {
        long offset = view.axis() == TaskAxis.ONE ? 0 : (long) task * view.size();
        return view(view, new Strided(new long[] {1, view.size()}, new long[] {view.size(), 1}, offset));
    }

    /** The buffer of a view, with other extents, strides and offset. */
    INDArray view(TensorView view, Strided strided) {
        DataBuffer buffer = buffer(view);
        return Nd4j.create(buffer, strided.extents(), strided.strides(), strided.offset(), 'c', buffer.dataType());
    }
}
