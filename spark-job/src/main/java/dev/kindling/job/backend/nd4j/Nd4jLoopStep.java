package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Attributes;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A repeat over a sub-block of tasks. They begin together and go through the places of the stacks together; a task that was
 * asked for fewer steps, or has stopped, computes along, but its carries stay and its rows of the stacks are left alone.
 */
final class Nd4jLoopStep implements RecordedOp {
    private final BufferViews bufferViews;
    private final Instruction.Loop loop;
    private final Attributes.Loop repeat;
    private final RecordedOp[] body;
    private final List<MaskedCopy> firsts;
    private final List<MaskedCopy> rows;
    private final List<MaskedCopy> nexts;
    private final List<MaskedCopy> stacked;
    private final List<ScalarSet> clearings;

    Nd4jLoopStep(BufferViews bufferViews, Instruction.Loop loop, RecordedOp[] body) {
        this.bufferViews = bufferViews;
        this.loop = loop;
        this.repeat = loop.loop();
        this.body = body;
        this.firsts = loop.firsts().stream()
                .map(copy -> MaskedCopy.whole(bufferViews, copy))
                .toList();
        this.rows = loop.rows().stream()
                .map(row -> MaskedCopy.outOf(bufferViews, row))
                .toList();
        this.nexts = loop.nexts().stream()
                .map(copy -> MaskedCopy.whole(bufferViews, copy))
                .toList();
        this.stacked = loop.stacked().stream()
                .map(row -> MaskedCopy.into(bufferViews, row))
                .toList();
        this.clearings = loop.stacked().stream()
                .map(row -> bufferViews.flat(row.stack()))
                .map(Nd4jLoopStep::clearing)
                .toList();
    }

    private static ScalarSet clearing(INDArray stack) {
        return new ScalarSet(stack, null, stack, 0);
    }

    @Override
    public void run(boolean[] outside) {
        int tasks = bufferViews.tasks(loop.axis());
        int[] counts = counts(tasks, outside);
        int[] done = new int[tasks];
        boolean[] stopped = new boolean[tasks];
        boolean[] active = new boolean[tasks];
        firsts.forEach(first -> first.run(0, active, true));
        clearings.forEach(Nd4j.getExecutioner()::exec);
        int most = Arrays.stream(counts).max().orElse(0);
        for (int step = 0; step < most; step++) {
            int place = repeat.backwards() ? most - 1 - step : step;
            boolean all = true;
            boolean any = false;
            for (int task = 0; task < tasks; task++) {
                active[task] = place < counts[task] && !stopped[task];
                all &= active[task];
                any |= active[task];
            }
            if (!any) {
                break;
            }
            step(place, active, all);
            for (int task = 0; task < tasks; task++) {
                if (active[task]) {
                    done[task]++;
                    stopped[task] = stops(task);
                }
            }
            // Last, because what was stacked, and what stops, may be a carry as the step found it.
            for (MaskedCopy next : nexts) {
                next.run(0, active, all);
            }
        }
        TensorView count = loop.done();
        if (count != null) {
            DataBuffer buffer = bufferViews.buffer(count);
            for (int task = 0; task < tasks; task++) {
                buffer.put(task, (double) done[task]);
            }
        }
    }

    private void step(int place, boolean[] active, boolean all) {
        for (MaskedCopy row : rows) {
            row.run(place, active, true);
        }
        for (RecordedOp each : body) {
            each.run(active);
        }
        for (MaskedCopy stack : stacked) {
            stack.run(place, active, all);
        }
    }

    private boolean stops(int task) {
        TensorView stop = loop.stop();
        return stop != null && bufferViews.buffer(stop).getDouble(stop.axis() == TaskAxis.ONE ? 0 : task) != 0;
    }

    /** How many steps each task is asked for; none where it does not count. */
    private int[] counts(int tasks, boolean[] outside) {
        DataBuffer buffer = bufferViews.buffer(loop.count());
        int[] counts = new int[tasks];
        for (int task = 0; task < tasks; task++) {
            if (outside[task]) {
                double count = buffer.getDouble(loop.count().axis() == TaskAxis.ONE ? 0 : task);
                if (count < 0 || count != Math.rint(count)) {
                    throw new IllegalArgumentException(
                            "repeat of " + repeat.step().name() + " was asked for " + count
                                    + " steps; the count must be a whole number, at least 0");
                }
                counts[task] = (int) Math.min(count, repeat.capacity());
            }
        }
        return counts;
    }
}
