package dev.kindling.driver.cluster;

import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Storage;
import java.util.List;

/**
 * Runs one program of a job on the tasks of a round and folds what comes back. The result does not depend on how many
 * workers there are, which of them ran what, nor how often something was run.
 */
public interface Cluster extends AutoCloseable {
    /**
     * Runs all tasks of a round.
     *
     * @param program name of a program of the job this cluster was opened with
     * @param shared the program's shared inputs
     * @param specs the round's tasks in order
     * @param rows whether per-task outputs are wanted; then no task is left out of anything
     * @throws ClusterException if the round cannot be completed
     */
    RoundResult run(String program, Storage shared, List<TaskSpec> specs, boolean rows);

    @Override
    void close();
}
