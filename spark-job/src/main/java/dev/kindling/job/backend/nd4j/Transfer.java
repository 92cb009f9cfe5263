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
final class Transfer {
    /** All tasks. */
    private static final int ALL = -1;

    /** A row of a stack, and the tasks whose. */
    private record Which(int row, int task) {}

    private final OpExecutioner executioner = Nd4j.getExecutioner();
    private final Frame frame;
    private final Place from;
    private final Place to;
    /** Numbers in one row where the source or the target is a stack, else 0. */
    private final int fromRow;

    private final int toRow;
    private final Map<Which, Op> prepared = new HashMap<>();

    private Transfer(Frame frame, Place from, Place to, int fromRow, int toRow) {
        this.frame = frame;
        this.from = from;
        this.to = to;
        this.fromRow = fromRow;
        this.toRow = toRow;
    }

    static Transfer whole(Frame frame, Instruction.Copy copy) {
        return new Transfer(frame, copy.from(), copy.to(), 0, 0);
    }

    static Transfer outOf(Frame frame, Instruction.Row row) {
        return new Transfer(frame, row.stack(), row.row(), row.row().size(), 0);
    }

    static Transfer into(Frame frame, Instruction.Row row) {
        return new Transfer(frame, row.row(), row.stack(), 0, row.row().size());
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

    private INDArray array(Place place, int rowSize, Which which) {
        int size = Math.min(from.size(), to.size());
        long apart = place.axis() == Axis.ONE ? 0 : place.size();
        long offset = (long) rowSize * which.row() + (which.task() == ALL ? 0 : which.task() * apart);
        int tasks = which.task() == ALL ? frame.tasks(to) : 1;
        return frame.view(place, new Strided(new long[] {tasks, size}, new long[] {apart, 1}, offset));
    }
}
