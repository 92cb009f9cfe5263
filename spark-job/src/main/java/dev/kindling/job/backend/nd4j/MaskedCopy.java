package dev.kindling.job.backend.nd4j;

import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.api.ops.impl.transforms.any.Assign;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A copy that a loop does again and again: of all tasks at once, or, where some of them have stopped, of one after another.
 * Copies are prepared when they are first asked for.
 */
final class MaskedCopy {
    /** All tasks. */
    private static final int ALL = -1;

    /** A row of a stack, and the tasks whose. */
    private record Which(int row, int task) {}

    private final OpExecutioner executioner = Nd4j.getExecutioner();
    private final BufferViews frame;
    private final TensorView from;
    private final TensorView to;
    /** Numbers in one row where the source or the target is a stack, else 0. */
    private final int fromRow;

    private final int toRow;
    private final Map<Which, Op> prepared = new HashMap<>();

    private MaskedCopy(BufferViews bufferViews, TensorView from, TensorView to, int fromRow, int toRow) {
        this.frame = bufferViews;
        this.from = from;
        this.to = to;
        this.fromRow = fromRow;
        this.toRow = toRow;
    }

    static MaskedCopy whole(BufferViews frame, Instruction.Copy copy) {
        return new MaskedCopy(frame, copy.from(), copy.to(), 0, 0);
    }

    static MaskedCopy outOf(BufferViews frame, Instruction.Row row) {
        return new MaskedCopy(frame, row.stack(), row.row(), row.row().size(), 0);
    }

    static MaskedCopy into(BufferViews frame, Instruction.Row row) {
        return new MaskedCopy(frame, row.row(), row.stack(), 0, row.row().size());
    }

    /** Copies the given row for those tasks; for all with one kernel, where all count. */
    void run(int row, boolean[] active, boolean all) {
        if (all) {
            run(new Which(row, ALL));
            return;
        }
        for (int task = 0; task < active.length; task++) {
            if (active[task]) {
                run(new Which(row, task));
            }
        }
    }

    private void run(Which which) {
        executioner.exec(prepared.computeIfAbsent(
                which, any -> new Assign(array(from, fromRow, which), array(to, toRow, which))));
    }

    private INDArray array(TensorView view, int rowSize, Which which) {
        int size = Math.min(from.size(), to.size());
        long apart = view.axis() == TaskAxis.ONE ? 0 : view.size();
        long offset = (long) rowSize * which.row() + (which.task() == ALL ? 0 : which.task() * apart);
        int tasks = which.task() == ALL ? frame.tasks(to) : 1;
        return frame.view(view, new Strided(new long[] {tasks, size}, new long[] {apart, 1}, offset));
    }
}
