package dev.kindling.job.backend;

import dev.kindling.job.tensor.FlatVector;
import java.util.List;

/** The memory in which one thread runs an executable. Not thread-safe. */
public interface Workspace extends AutoCloseable {
    /**
     * Sets the shared inputs, laid out as {@code program().sharedInputs()}; they hold until the next call. The values
     * computed from them alone are computed once per call, not once per task.
     */
    void setBroadcastInputs(FlatVector shared);

    /**
     * Runs {@code tasks} tasks, in order. Overwrites {@code sums}, laid out as {@code program().sums()}, with the sum over
     * tasks of the program's summed outputs, added in task order; writes the other outputs of task i, laid out as
     * {@code program().perTask()}, at {@code i * program().perTask().size()} of {@code each}.
     *
     * @param taskInputs gives the inputs of each task, laid out as {@code program().taskInputs()}
     * @param sums of the executable's precision
     */
    void run(int tasks, TaskInputs taskInputs, FlatVector sums, double[] each);

    /**
     * How many tasks this workspace would like to be given at once: 1 where it runs task after task anyway, more where its
     * kernels are worth launching for many tasks only.
     */
    default int tasksAtOnce() {
        return 1;
    }

    /**
     * Runs the tasks of consecutive blocks at once: as {@link #run(int, TaskInputs, FlatVector, double[])}, but for a sum for each
     * block, added in the order of its tasks.
     *
     * @param blockSize tasks of each block; the last one may have fewer
     * @param sums as many as there are blocks
     */
    default void run(int tasks, int blockSize, TaskInputs taskInputs, List<FlatVector> sums, double[] each) {
        if (sums.size() != 1) {
            throw new IllegalArgumentException("this workspace runs one block at a time, was given " + sums.size());
        }
        run(tasks, taskInputs, sums.get(0), each);
    }

    /** Bytes held by this workspace. */
    long bytes();

    /**
     * Gives back what a garbage collector does not know the size of, on the processor or on a device; the workspace is not
     * used afterwards. Does nothing where all of it is the JVM's own.
     */
    @Override
    default void close() {}

    /** Where a workspace takes the inputs of the tasks of one run from. */
    interface TaskInputs {
        /** Writes the inputs of task {@code task} (0-based) into {@code target} from {@code offset} on. */
        void writeTo(int task, FlatVector target, int offset);
    }
}
