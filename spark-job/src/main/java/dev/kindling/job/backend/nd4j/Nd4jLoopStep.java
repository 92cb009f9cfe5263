package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Attributes;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs a loop for a batch of tasks. All tasks run the same indices of the stacks in lockstep; a task with fewer steps, or
 * one that has stopped, computes along, but its carries and its rows of the stacks do not change.
 */
final class Nd4jLoopStep implements RecordedOp {
    private final BufferViews views;
    private final Instruction.Loop loop;
    private final Attributes.Loop attributes;
    private final RecordedOp[] body;
    private final List<MaskedCopy> initialCarries;
    private final List<MaskedCopy> perStep;
    private final List<MaskedCopy> nextCarries;
    private final List<MaskedCopy> stacked;
    private final List<ScalarSet> clearStacks;

    Nd4jLoopStep(BufferViews views, Instruction.Loop loop, RecordedOp[] body) {
        this.views = views;
        this.loop = loop;
        this.attributes = loop.loop();
        this.body = body;
        this.initialCarries = loop.initialCarries().stream()
                .map(copy -> MaskedCopy.array(views, copy))
                .toList();
        this.perStep = loop.perStep().stream()
                .map(row -> MaskedCopy.fromStack(views, row))
                .toList();
        this.nextCarries = loop.nextCarries().stream()
                .map(copy -> MaskedCopy.array(views, copy))
                .toList();
        this.stacked = loop.stacked().stream()
                .map(row -> MaskedCopy.toStack(views, row))
                .toList();
        this.clearStacks = loop.stacked().stream()
                .map(row -> views.flat(row.stack()))
                .map(Nd4jLoopStep::clear)
                .toList();
    }

    private static ScalarSet clear(INDArray stack) {
        return new ScalarSet(stack, null, stack, 0);
    }

    @Override
    public void run(boolean[] outerActive) {
        int tasks = views.tasks(loop.axis());
        int[] counts = counts(tasks, outerActive);
        int[] done = new int[tasks];
        boolean[] stopped = new boolean[tasks];
        boolean[] active = new boolean[tasks];
        initialCarries.forEach(carry -> carry.run(0, active, true));
        clearStacks.forEach(Nd4j.getExecutioner()::exec);
        int steps = Arrays.stream(counts).max().orElse(0);
        for (int step = 0; step < steps; step++) {
            int index = attributes.backwards() ? steps - 1 - step : step;
            boolean all = true;
            boolean any = false;
            for (int task = 0; task < tasks; task++) {
                active[task] = index < counts[task] && !stopped[task];
                all &= active[task];
                any |= active[task];
            }
            if (!any) {
                break;
            }
            step(index, active, all);
            for (int task = 0; task < tasks; task++) {
                if (active[task]) {
                    done[task]++;
                    stopped[task] = stops(task);
                }
            }
            // Last, because a stacked output and the stop predicate may be aliases of a carry.
            for (MaskedCopy carry : nextCarries) {
                carry.run(0, active, all);
            }
        }
        TensorView count = loop.stepsRun();
        if (count != null) {
            DataBuffer buffer = views.buffer(count);
            for (int task = 0; task < tasks; task++) {
                buffer.put(task, (double) done[task]);
            }
        }
    }

    private void step(int index, boolean[] active, boolean all) {
        for (MaskedCopy input : perStep) {
            input.run(index, active, true);
        }
        for (RecordedOp op : body) {
            op.run(active);
        }
        for (MaskedCopy stack : stacked) {
            stack.run(index, active, all);
        }
    }

    private boolean stops(int task) {
        TensorView stop = loop.stop();
        return stop != null && views.buffer(stop).getDouble(stop.axis() == TaskAxis.ONE ? 0 : task) != 0;
    }

    /** The step count of each task; 0 for inactive tasks. */
    private int[] counts(int tasks, boolean[] outerActive) {
        DataBuffer buffer = views.buffer(loop.count());
        int[] counts = new int[tasks];
        for (int task = 0; task < tasks; task++) {
            if (outerActive[task]) {
                double count = buffer.getDouble(loop.count().axis() == TaskAxis.ONE ? 0 : task);
                if (count < 0 || count != Math.rint(count)) {
                    throw new IllegalArgumentException(
                            "loop of " + attributes.step().name() + " has a count of " + count
                                    + " steps; the count must be an integer, at least 0");
                }
                counts[task] = (int) Math.min(count, attributes.capacity());
            }
        }
        return counts;
    }
}
