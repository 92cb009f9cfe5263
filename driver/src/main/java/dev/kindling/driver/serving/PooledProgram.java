package dev.kindling.driver.serving;

import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A compiled program of one task and a workspace for each thread that runs it at the same time. Thread-safe. */
final class PooledProgram {
    private final Executable executable;
    private final Layout sums;
    private final Layout perTask;
    private final Queue<Workspace> idle = new ConcurrentLinkedQueue<>();

    PooledProgram(Executable executable) {
        this.executable = executable;
        this.sums = executable.program().sums();
        this.perTask = executable.program().perTask();
    }

    /** Names and shapes of the summed outputs. */
    Layout sumsLayout() {
        return sums;
    }

    /** Names and shapes of the per-task outputs. */
    Layout perTaskLayout() {
        return perTask;
    }

    /**
     * The summed outputs for one task.
     *
     * @param shared the shared inputs
     * @param arrays the task's inputs, in the program's order
     */
    FlatVector sums(FlatVector shared, double[]... arrays) {
        FlatVector result = FlatVector.zeros(executable.precision(), sums.size());
        run(shared, result, new double[perTask.size()], arrays);
        return result;
    }

    /** The per-task outputs for one task, as {@link #sums}. */
    double[] perTask(FlatVector shared, double[]... arrays) {
        double[] result = new double[perTask.size()];
        run(shared, FlatVector.zeros(executable.precision(), sums.size()), result, arrays);
        return result;
    }

    private void run(FlatVector shared, FlatVector summed, double[] each, double[]... arrays) {
        Workspace polled = idle.poll();
        Workspace workspace = polled == null ? executable.workspace() : polled;
        workspace.setBroadcastInputs(shared);
        workspace.run(1, (task, target, offset) -> write(arrays, target, offset), summed, each);
        idle.add(workspace);
    }

    private static void write(double[][] arrays, FlatVector target, int offset) {
        int at = offset;
        for (double[] array : arrays) {
            for (double number : array) {
                target.set(at++, number);
            }
        }
    }
}
