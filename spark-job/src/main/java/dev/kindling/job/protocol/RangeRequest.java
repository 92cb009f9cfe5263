package dev.kindling.job.protocol;

import dev.kindling.job.task.TaskSpec;
import java.util.List;

/**
 * Consecutive tasks of one round to be run with one program of the job: driver to executors.
 *
 * @param program name of the program in the {@link Job}
 * @param shared version of the {@link BroadcastVector} to run with
 * @param blocks count of blocks of the whole round, which fixes the fold's tree
 * @param firstTask position of the first of {@code specs} in the round; a multiple of the job's block size
 * @param specs the tasks, in order
 * @param perTaskOutputs whether the per-task outputs of each task are wanted too (evaluations); then no task is left out
 * @param retainSums whether the sums stay with the worker until a {@link ReduceShardRequest}, or the same order without this, asks for
 *     them
 */
public record RangeRequest(
        String program,
        long shared,
        int blocks,
        int firstTask,
        List<TaskSpec> specs,
        boolean perTaskOutputs,
        boolean retainSums)
        implements ExecutorMessage {
    public RangeRequest {
        specs = List.copyOf(specs);
    }

    /** An order whose sums come with its reply. */
    public RangeRequest(
            String program, long shared, int blocks, int firstTask, List<TaskSpec> specs, boolean perTaskOutputs) {
        this(program, shared, blocks, firstTask, specs, perTaskOutputs, false);
    }

    /** The same order, its sums to stay with the worker. */
    public RangeRequest retaining() {
        return new RangeRequest(program, shared, blocks, firstTask, specs, perTaskOutputs, true);
    }

    /** The same order, its sums to come with the reply. */
    public RangeRequest returning() {
        return new RangeRequest(program, shared, blocks, firstTask, specs, perTaskOutputs, false);
    }
}
