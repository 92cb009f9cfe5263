package dev.kindling.job.backend;

import dev.kindling.job.tensor.FlatVector;
import java.util.List;

/** The buffers in which one thread runs an executable. Not thread-safe. */
public interface Workspace extends AutoCloseable {
    /**
     * Sets the broadcast inputs (θ, rates), laid out as {@code program().broadcastInputs()}, for all runs until the next
     * call. Values that depend on them alone are computed here, once per call instead of once per task.
     */
    void setBroadcastInputs(FlatVector inputs);

    /**
     * Runs {@code tasks} tasks, in order. Overwrites {@code sums}, laid out as {@code program().sums()}, with the sum over
     * tasks of the program's summed outputs, added in task order; writes the per-task outputs of task i, laid out as
     * {@code program().perTask()}, at {@code i * program().perTask().size()} of {@code perTaskOutputs}.
     *
     * @param taskInputs writes the inputs of each task, laid out as {@code program().taskInputs()}
     * @param sums a vector of the executable's precision
     */
    void run(int tasks, TaskInputs taskInputs, FlatVector sums, double[] perTaskOutputs);

    /**
     * The number of tasks that one call of {@code run} computes most efficiently: 1 if the workspace runs task after task,
     * more if its kernels process many tasks per launch.
     */
    default int tasksAtOnce() {
        return 1;
    }

    /**
     * Runs the tasks of consecutive blocks at once: as {@link #run(int, TaskInputs, FlatVector, double[])}, with a sum for
     * each block, added in task order.
     *
     * @param blockSize tasks of each block; the last one may have fewer
     * @param sums one for each block
     */
    default void run(int tasks, int blockSize, TaskInputs taskInputs, List<FlatVector> sums, double[] perTaskOutputs) {
        if (sums.size() != 1) {
            throw new IllegalArgumentException("this workspace runs one block at a time, was given " + sums.size());
        }
        run(tasks, taskInputs, sums.get(0), perTaskOutputs);
    }

    /** Bytes held by this workspace. */
    long bytes();

    /**
     * Frees memory outside the Java heap, on the processor or on a device. The workspace is not used afterwards. Does nothing
     * if all memory is on the heap.
     */
    @Override
    default void close() {}

    /** Writes the inputs of the tasks of one run into the workspace. */
    interface TaskInputs {
        /** Writes the inputs of task {@code task} (from 0 on) into {@code target} from {@code offset} on. */
        void writeTo(int task, FlatVector target, int offset);
    }
}
