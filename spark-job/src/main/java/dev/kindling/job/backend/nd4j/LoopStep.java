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
final class LoopStep implements Step {
    private final Frame frame;
    private final Instruction.Loop loop;
    private final Attributes.Repeat repeat;
    private final Step[] body;
    private final List<Transfer> firsts;
    private final List<Transfer> rows;
    private final List<Transfer> nexts;
    private final List<Transfer> stacked;
    private final List<ScalarSet> clearings;

    LoopStep(Frame frame, Instruction.Loop loop, Step[] body) {
        this.frame = frame;
        this.loop = loop;
        this.repeat = loop.repeat();
        this.body = body;
        this.firsts =
                loop.firsts().stream().map(copy -> Transfer.whole(frame, copy)).toList();
        this.rows = loop.rows().stream().map(row -> Transfer.outOf(frame, row)).toList();
        this.nexts =
                loop.nexts().stream().map(copy -> Transfer.whole(frame, copy)).toList();
        this.stacked =
                loop.stacked().stream().map(row -> Transfer.into(frame, row)).toList();
        this.clearings = loop.stacked().stream()
                .map(row -> frame.flat(row.stack()))
                .map(LoopStep::clearing)
                .toList();
    }

    private static ScalarSet clearing(INDArray stack) {
        return new ScalarSet(stack, null, stack, 0);
    }

    @Override
    public void run(boolean[] outside) {
        int tasks = frame.tasks(loop.axis());
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
            for (Transfer next : nexts) {
                next.run(0, active, all);
            }
        }
        Place count = loop.done();
        if (count != null) {
            DataBuffer buffer = frame.buffer(count);
            for (int task = 0; task < tasks; task++) {
                buffer.put(task, (double) done[task]);
            }
        }
    }

    private void step(int place, boolean[] active, boolean all) {
        for (Transfer row : rows) {
            row.run(place, active, true);
        }
        for (Step each : body) {
            each.run(active);
        }
        for (Transfer stack : stacked) {
            stack.run(place, active, all);
        }
    }

    private boolean stops(int task) {
        Place stop = loop.stop();
        return stop != null && frame.buffer(stop).getDouble(stop.axis() == Axis.ONE ? 0 : task) != 0;
    }

    /** How many steps each task is asked for; none where it does not count. */
    private int[] counts(int tasks, boolean[] outside) {
        DataBuffer buffer = frame.buffer(loop.count());
        int[] counts = new int[tasks];
        for (int task = 0; task < tasks; task++) {
            if (outside[task]) {
                double count = buffer.getDouble(loop.count().axis() == Axis.ONE ? 0 : task);
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
