package dev.kindling.job.protocol;

import dev.kindling.job.task.TaskSpec;
import java.util.List;

/**
 * A request to run consecutive tasks of one round with one program of the job: driver to executors.
 *
 * @param program name of the program in the {@link Job}
 * @param shared version of the {@link BroadcastVector} to run with
 * @param blocks number of blocks of the whole round, which fixes the shape of the reduction tree
 * @param firstTask position of the first of {@code specs} in the round; a multiple of the job's block size
 * @param specs the tasks, in order
 * @param outputs which outputs are returned
 * @param sums where the sums stay
 */
public record RangeRequest(
        String program,
        long shared,
        int blocks,
        int firstTask,
        List<TaskSpec> specs,
        OutputMode outputs,
        SumLocation sums)
        implements ExecutorMessage {
    /** Where the sums of a range stay after it has run. */
    public enum SumLocation {
        /** They are returned with the result. */
        RETURNED,
        /** They are retained by the executor for a {@link ReduceShardRequest}, or a repeated request that returns them. */
        RETAINED
    }

    public RangeRequest {
        specs = List.copyOf(specs);
    }

    /** A request whose sums are returned with the result. */
    public RangeRequest(
            String program, long shared, int blocks, int firstTask, List<TaskSpec> specs, OutputMode outputs) {
        this(program, shared, blocks, firstTask, specs, outputs, SumLocation.RETURNED);
    }

    /** The same request with its sums in another place. */
    public RangeRequest with(SumLocation location) {
        return location == sums ? this : new RangeRequest(program, shared, blocks, firstTask, specs, outputs, location);
    }
}
