package dev.kindling.job.backend.nd4j;

import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.api.ops.impl.transforms.any.Assign;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A copy in a loop: of all tasks at once, or, if some are inactive, task by task. Ops are created at first use and cached.
 */
final class MaskedCopy {
    /** Denotes all tasks. */
    private static final int ALL = -1;

    /** A row of a stack, and a task or {@link #ALL}. */
    private record Key(int row, int task) {}

    private final OpExecutioner executioner = Nd4j.getExecutioner();
    private final BufferViews views;
    private final TensorView from;
    private final TensorView to;
    /** Size of a row if the source is a stack, else 0. */
    private final int fromRowSize;

    /** Size of a row if the target is a stack, else 0. */
    private final int toRowSize;

    private final Map<Key, Op> ops = new HashMap<>();

    private MaskedCopy(BufferViews views, TensorView from, TensorView to, int fromRowSize, int toRowSize) {
        this.views = views;
        this.from = from;
        this.to = to;
        this.fromRowSize = fromRowSize;
        this.toRowSize = toRowSize;
    }

    static MaskedCopy array(BufferViews views, Instruction.Copy copy) {
        return new MaskedCopy(views, copy.from(), copy.to(), 0, 0);
    }

    static MaskedCopy fromStack(BufferViews views, Instruction.Row row) {
        return new MaskedCopy(views, row.stack(), row.row(), row.row().size(), 0);
    }

    static MaskedCopy toStack(BufferViews views, Instruction.Row row) {
        return new MaskedCopy(views, row.row(), row.stack(), 0, row.row().size());
    }

    /** Copies the given row of the active tasks; with one kernel, if all are. */
    void run(int row, boolean[] active, boolean all) {
        if (all) {
            run(new Key(row, ALL));
            return;
        }
        for (int task = 0; task < active.length; task++) {
            if (active[task]) {
                run(new Key(row, task));
            }
        }
    }

    private void run(Key key) {
        executioner.exec(
                ops.computeIfAbsent(key, any -> new Assign(array(from, fromRowSize, key), array(to, toRowSize, key))));
    }

    private INDArray array(TensorView view, int rowSize, Key key) {
        int size = Math.min(from.size(), to.size());
        long taskStride = view.axis() == TaskAxis.ONE ? 0 : view.size();
        long offset = (long) rowSize * key.row() + (key.task() == ALL ? 0 : key.task() * taskStride);
        int tasks = key.task() == ALL ? views.tasks(to) : 1;
        return views.view(view, new Strided(new long[] {tasks, size}, new long[] {taskStride, 1}, offset));
    }
}
