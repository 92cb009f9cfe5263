package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.reduce.PartialSum;
import java.util.List;
import java.util.Set;

/**
 * The result of a completed round.
 *
 * @param sum the sum over all tasks that did not fail; its task count may be 0
 * @param failed the tasks that were left out, by index
 * @param perTaskOutputs per-task outputs, task after task in task order, or empty for {@link dev.kindling.job.protocol.OutputMode#SUMS}
 * @param workers names of the workers that contributed: executors, or in {@code jobs} mode their Spark tasks
 * @param bytesOut bytes sent to workers
 * @param bytesIn bytes received from workers
 * @param times how its time was spent
 * @param taskTimings of each task, if per-task outputs were requested
 * @param notices for the user, a line each
 */
public record RoundResult(
        PartialSum sum,
        List<FailedTask> failed,
        double[] perTaskOutputs,
        Set<String> workers,
        long bytesOut,
        long bytesIn,
        ExecutorTimings times,
        TaskTimings taskTimings,
        List<String> notices) {
    /** A round without per-task outputs and notices. */
    public RoundResult(
            PartialSum sum,
            List<FailedTask> failed,
            double[] perTaskOutputs,
            Set<String> workers,
            long bytesOut,
            long bytesIn,
            ExecutorTimings times) {
        this(sum, failed, perTaskOutputs, workers, bytesOut, bytesIn, times, TaskTimings.NONE, List.of());
    }

    /** The same with the given notices. */
    public RoundResult noticing(List<String> lines) {
        return lines.isEmpty()
                ? this
                : new RoundResult(sum, failed, perTaskOutputs, workers, bytesOut, bytesIn, times, taskTimings, lines);
    }
}
