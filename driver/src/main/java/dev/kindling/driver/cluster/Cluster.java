package dev.kindling.driver.cluster;

import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Storage;
import java.util.List;

/**
 * Runs one program of a job on the tasks of a round and folds what comes back. The result does not depend on how many
 * workers there are, which of them ran what, nor how often something was run. Used by one thread at a time.
 */
public interface Cluster extends AutoCloseable {
    /**
     * Runs all tasks of a round.
     *
     * @param program name of a program of the job this cluster was opened with
     * @param shared the program's shared inputs; not changed, and free to be changed by the caller afterwards
     * @param specs the round's tasks in order, at least one
     * @param rows whether per-task outputs are wanted; then no task is left out of anything
     * @throws ClusterException if the round cannot be completed
     * @throws dev.kindling.job.task.BadDataException if a worker cannot use the data of its tasks
     * @throws dev.kindling.job.backend.BackendUnavailableException if the job's backend cannot run on a worker
     * @throws IllegalArgumentException if a worker refuses a setting of the job
     */
    RoundResult run(String program, Storage shared, List<TaskSpec> specs, boolean rows);

    @Override
    void close();
}
