package dev.kindling.job.backend.nd4j;

import dev.kindling.job.backend.Workspace;
import dev.kindling.job.tensor.FlatVector;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataBuffer;

/** A program's steps for one count of tasks that run at once. */
final class TaskBatch {
    private final TaskBatchPlan plan;
    private final BufferViews bufferViews;
    private final int tasks;
    private final boolean[] all;
    private final RecordedOp[] compute;
    private final RecordedOp[] gather;
    /** The sums of task i become those of the block, or are added to them. */
    private final RecordedOp[] first;

    private final RecordedOp[] next;

    TaskBatch(BufferPool pool, TaskBatchPlan plan, Nd4jKernels kernels, int tasks) {
        this.plan = plan;
        this.bufferViews = new BufferViews(pool, tasks);
        this.tasks = tasks;
        this.all = new boolean[tasks];
        Arrays.fill(all, true);
        this.compute = InstructionCompiler.write(bufferViews, kernels, plan.perTask());
        this.gather = gathering();
        OpRecorder firsts = new OpRecorder(bufferViews);
        OpRecorder nexts = new OpRecorder(bufferViews);
        for (int task = 0; task < tasks; task++) {
            firsts.copy(bufferViews.row(plan.gathered(), task), bufferViews.flat(plan.total()));
            MaskedBlend.add(
                    nexts,
                    bufferViews.flat(plan.total()),
                    bufferViews.row(plan.gathered(), task),
                    bufferViews.flat(plan.total()));
        }
        this.first = firsts.steps();
        this.next = nexts.steps();
    }

    /** The summed outputs of each task, one after another. */
    private RecordedOp[] gathering() {
        OpRecorder recorder = new OpRecorder(bufferViews);
        TensorView gathered = plan.gathered();
        for (TaskBatchPlan.Named sum : plan.sums()) {
            recorder.copy(
                    recorder.spread(sum.view(), tasks),
                    bufferViews.view(
                            gathered,
                            new Strided(
                                    new long[] {tasks, sum.view().size()},
                                    new long[] {gathered.size(), 1},
                                    sum.entry().offset())));
        }
        return recorder.steps();
    }

    /** Fills in the episodes of the tasks from {@code begin} on. */
    void fill(Workspace.TaskInputs taskInputs, int begin, FlatVector episode) {
        for (int task = 0; task < tasks; task++) {
            taskInputs.writeTo(begin + task, episode, 0);
            for (TaskBatchPlan.Named input : plan.taskInputs()) {
                int size = input.view().size();
                HostTransfers.write(
                        episode, input.entry().offset(), size, bufferViews.buffer(input.view()), (long) task * size);
            }
        }
    }

    void compute() {
        run(compute);
        run(gather);
    }

    private void run(RecordedOp[] recordedOps) {
        for (RecordedOp recordedOp : recordedOps) {
            recordedOp.run(all);
        }
    }

    /**
     * Adds the sums of these tasks, in order, to those of their blocks; a block's sum is handed over after its last task.
     *
     * @param begin number of the first of these tasks
     * @param end behind the last task of all
     */
    void add(int begin, int end, int blockSize, List<FlatVector> sums) {
        if (plan.sums().isEmpty()) {
            return;
        }
        for (int task = 0; task < tasks; task++) {
            int number = begin + task;
            (number % blockSize == 0 ? first : next)[task].run(all);
            if (number % blockSize == blockSize - 1 || number == end - 1) {
                HostTransfers.read(bufferViews.buffer(plan.total()), sums.get(number / blockSize));
            }
        }
    }

    /** Hands over what is kept for each task. */
    void keep(int begin, int width, double[] each) {
        for (TaskBatchPlan.Named output : plan.each()) {
            DataBuffer buffer = bufferViews.buffer(output.view());
            int size = output.view().size();
            for (int task = 0; task < tasks; task++) {
                long at = output.view().axis() == TaskAxis.ONE ? 0 : (long) task * size;
                HostTransfers.read(
                        buffer,
                        at,
                        size,
                        each,
                        (begin + task) * width + output.entry().offset());
            }
        }
    }
}
