package dev.kindling.job.wire;

import dev.kindling.job.task.TaskSpec;
import java.util.List;

/**
 * Consecutive tasks of one round to be run with one program of the job: driver to executors.
 *
 * @param program name of the program in the {@link Job}
 * @param shared version of the {@link SharedVector} to run with
 * @param blocks count of blocks of the whole round, which fixes the fold's tree
 * @param firstTask position of the first of {@code specs} in the round; a multiple of the job's block size
 * @param specs the tasks, in order
 * @param rows whether the per-task outputs of each task are wanted too (evaluations); then no task is left out
 */
public record WorkOrder(String program, long shared, int blocks, int firstTask, List<TaskSpec> specs, boolean rows)
        implements ToWorker {
    public WorkOrder {
        specs = List.copyOf(specs);
    }
}
