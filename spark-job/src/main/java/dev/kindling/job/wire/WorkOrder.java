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
 * @param keeps whether the sums stay with the worker until a {@link FoldOrder}, or the same order without this, asks for
 *     them
 */
public record WorkOrder(
        String program, long shared, int blocks, int firstTask, List<TaskSpec> specs, boolean rows, boolean keeps)
        implements ToWorker {
    public WorkOrder {
        specs = List.copyOf(specs);
    }

    /** An order whose sums come with its reply. */
    public WorkOrder(String program, long shared, int blocks, int firstTask, List<TaskSpec> specs, boolean rows) {
        this(program, shared, blocks, firstTask, specs, rows, false);
    }

    /** The same order, its sums to stay with the worker. */
    public WorkOrder keeping() {
        return new WorkOrder(program, shared, blocks, firstTask, specs, rows, true);
    }

    /** The same order, its sums to come with the reply. */
    public WorkOrder sending() {
        return new WorkOrder(program, shared, blocks, firstTask, specs, rows, false);
    }
}
