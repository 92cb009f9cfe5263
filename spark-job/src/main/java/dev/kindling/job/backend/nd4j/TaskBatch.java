package dev.kindling.job.backend.nd4j;

import dev.kindling.job.backend.Workspace;
import dev.kindling.job.tensor.FlatVector;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataBuffer;

/** The recorded ops of a program for one batch size. */
final class TaskBatch {
    private final TaskBatchPlan plan;
    private final BufferViews views;
    private final int tasks;
    private final boolean[] all;
    private final RecordedOp[] compute;
    private final RecordedOp[] gather;
    /** For each task, the op that sets the block's sum to the task's outputs. */
    private final RecordedOp[] setTotal;

    /** For each task, the op that adds the task's outputs to the block's sum. */
    private final RecordedOp[] addToTotal;

    TaskBatch(BufferPool pool, TaskBatchPlan plan, Nd4jKernels kernels, int tasks) {
        this.plan = plan;
        this.views = new BufferViews(pool, tasks);
        this.tasks = tasks;
        this.all = new boolean[tasks];
        Arrays.fill(all, true);
        this.compute = InstructionCompiler.compile(views, kernels, plan.perBatch());
        this.gather = gatherSums();
        OpRecorder sets = new OpRecorder(views);
        OpRecorder adds = new OpRecorder(views);
        for (int task = 0; task < tasks; task++) {
            sets.copy(views.row(plan.gathered(), task), views.flat(plan.total()));
            MaskedBlend.add(adds, views.flat(plan.total()), views.row(plan.gathered(), task), views.flat(plan.total()));
        }
        this.setTotal = sets.ops();
        this.addToTotal = adds.ops();
    }

    /** Copies the summed outputs of each task into one row. */
    private RecordedOp[] gatherSums() {
        OpRecorder recorder = new OpRecorder(views);
        TensorView gathered = plan.gathered();
        for (TaskBatchPlan.Named sum : plan.sums()) {
            recorder.copy(
                    recorder.broadcast(sum.view(), tasks),
                    views.view(
                            gathered,
                            new Strided(
                                    new long[] {tasks, sum.view().size()},
                                    new long[] {gathered.size(), 1},
                                    sum.entry().offset())));
        }
        return recorder.ops();
    }

    /** Writes the inputs of the tasks from {@code begin} on. */
    void writeInputs(Workspace.TaskInputs taskInputs, int begin, FlatVector episode) {
        for (int task = 0; task < tasks; task++) {
            taskInputs.writeTo(begin + task, episode, 0);
            for (TaskBatchPlan.Named input : plan.taskInputs()) {
                int size = input.view().size();
                HostTransfers.write(
                        episode, input.entry().offset(), size, views.buffer(input.view()), (long) task * size);
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
     * Adds the summed outputs of these tasks, in order, to the sums of their blocks, which are read after the last task of
     * each.
     *
     * @param begin index of the first task of the batch
     * @param end number of tasks of the run
     */
    void addSums(int begin, int end, int blockSize, List<FlatVector> sums) {
        if (plan.sums().isEmpty()) {
            return;
        }
        for (int task = 0; task < tasks; task++) {
            int index = begin + task;
            (index % blockSize == 0 ? setTotal : addToTotal)[task].run(all);
            if (index % blockSize == blockSize - 1 || index == end - 1) {
                HostTransfers.read(views.buffer(plan.total()), sums.get(index / blockSize));
            }
        }
    }

    /** Reads the per-task outputs; {@code width} is the size of one task's. */
    void readPerTaskOutputs(int begin, int width, double[] perTaskOutputs) {
        for (TaskBatchPlan.Named output : plan.perTaskOutputs()) {
            DataBuffer buffer = views.buffer(output.view());
            int size = output.view().size();
            for (int task = 0; task < tasks; task++) {
                long at = output.view().axis() == TaskAxis.ONE ? 0 : (long) task * size;
                HostTransfers.read(
                        buffer,
                        at,
                        size,
                        perTaskOutputs,
                        (begin + task) * width + output.entry().offset());
            }
        }
    }
}
