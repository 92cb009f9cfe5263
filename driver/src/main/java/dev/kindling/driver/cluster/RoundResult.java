package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.reduce.PartialSum;
import java.util.List;
import java.util.Set;

/**
 * A completed round.
 *
 * @param sum the sum over all tasks that did not fail; its count of tasks may be 0
 * @param failed the tasks that were left out, by index
 * @param perTaskOutputs per-task outputs, task after task in task order, or empty when they were not asked for
 * @param workers whose replies were counted: executors, or in {@code jobs} mode their Spark tasks
 * @param bytesOut bytes sent to workers
 * @param bytesIn bytes received from workers
 * @param times where its time went
 * @param taskTimings of the tasks whose outputs were asked for
 * @param notices what a user should see of it, a line each
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
    /** A round whose per-task outputs were not asked for. */
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

    /** The same with something to be seen of it. */
    public RoundResult noticing(List<String> lines) {
        return lines.isEmpty()
                ? this
                : new RoundResult(sum, failed, perTaskOutputs, workers, bytesOut, bytesIn, times, taskTimings, lines);
    }
}
