package dev.kindling.job.backend.nd4j;

import dev.kindling.job.backend.Workspace;
import dev.kindling.job.tensor.Storage;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataBuffer;

/** A program's steps for one count of tasks that run at once. */
final class SubBlock {
    private final Plan plan;
    private final Frame frame;
    private final int tasks;
    private final boolean[] all;
    private final Step[] compute;
    private final Step[] gather;
    /** The sums of task i become those of the block, or are added to them. */
    private final Step[] first;

    private final Step[] next;

    SubBlock(Memory memory, Plan plan, Kernels kernels, int tasks) {
        this.plan = plan;
        this.frame = new Frame(memory, tasks);
        this.tasks = tasks;
        this.all = new boolean[tasks];
        Arrays.fill(all, true);
        this.compute = Writer.write(frame, kernels, plan.perTask());
        this.gather = gathering();
        Script firsts = new Script(frame);
        Script nexts = new Script(frame);
        for (int task = 0; task < tasks; task++) {
            firsts.copy(frame.row(plan.gathered(), task), frame.flat(plan.total()));
            Choices.add(nexts, frame.flat(plan.total()), frame.row(plan.gathered(), task), frame.flat(plan.total()));
        }
        this.first = firsts.steps();
        this.next = nexts.steps();
    }

    /** The summed outputs of each task, one after another. */
    private Step[] gathering() {
        Script script = new Script(frame);
        Place gathered = plan.gathered();
        for (Plan.Named sum : plan.sums()) {
            script.copy(
                    script.spread(sum.place(), tasks),
                    frame.view(
                            gathered,
                            new Strided(
                                    new long[] {tasks, sum.place().size()},
                                    new long[] {gathered.size(), 1},
                                    sum.entry().offset())));
        }
        return script.steps();
    }

    /** Fills in the episodes of the tasks from {@code begin} on. */
    void fill(Workspace.Episodes episodes, int begin, Storage episode) {
        for (int task = 0; task < tasks; task++) {
            episodes.fill(begin + task, episode, 0);
            for (Plan.Named input : plan.taskInputs()) {
                int size = input.place().size();
                Host.write(episode, input.entry().offset(), size, frame.buffer(input.place()), (long) task * size);
            }
        }
    }

    void compute() {
        run(compute);
        run(gather);
    }

    private void run(Step[] steps) {
        for (Step step : steps) {
            step.run(all);
        }
    }

    /**
     * Adds the sums of these tasks, in order, to those of their blocks; a block's sum is handed over after its last task.
     *
     * @param begin number of the first of these tasks
     * @param end behind the last task of all
     */
    void add(int begin, int end, int blockSize, List<Storage> sums) {
        if (plan.sums().isEmpty()) {
            return;
        }
        for (int task = 0; task < tasks; task++) {
            int number = begin + task;
            (number % blockSize == 0 ? first : next)[task].run(all);
            if (number % blockSize == blockSize - 1 || number == end - 1) {
                Host.read(frame.buffer(plan.total()), sums.get(number / blockSize));
            }
        }
    }

    /** Hands over what is kept for each task. */
    void keep(int begin, int width, double[] each) {
        for (Plan.Named output : plan.each()) {
            DataBuffer buffer = frame.buffer(output.place());
            int size = output.place().size();
            for (int task = 0; task < tasks; task++) {
                long at = output.place().axis() == Axis.ONE ? 0 : (long) task * size;
                Host.read(
                        buffer,
                        at,
                        size,
                        each,
                        (begin + task) * width + output.entry().offset());
            }
        }
    }
}
