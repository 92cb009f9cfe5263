package dev.kindling.driver.cluster;

import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.wire.FailedTask;
import java.util.List;
import java.util.Set;

/**
 * A completed round.
 *
 * @param root the sum over all tasks that did not fail; its count of tasks may be 0
 * @param failed the tasks that were left out, by index
 * @param rows per-task outputs, task after task in task order, or empty when they were not asked for
 * @param workers whose replies were counted: executors, or in {@code jobs} mode their Spark tasks
 * @param bytesOut bytes sent to workers
 * @param bytesIn bytes received from workers
 * @param times where its time went
 * @param traces of the tasks whose outputs were asked for
 * @param notices what a user should see of it, a line each
 */
public record RoundResult(
        FoldNode root,
        List<FailedTask> failed,
        double[] rows,
        Set<String> workers,
        long bytesOut,
        long bytesIn,
        RoundTimes times,
        TaskTraces traces,
        List<String> notices) {
    /** A round whose per-task outputs were not asked for. */
    public RoundResult(
            FoldNode root,
            List<FailedTask> failed,
            double[] rows,
            Set<String> workers,
            long bytesOut,
            long bytesIn,
            RoundTimes times) {
        this(root, failed, rows, workers, bytesOut, bytesIn, times, TaskTraces.NONE, List.of());
    }

    /** The same with something to be seen of it. */
    public RoundResult noticing(List<String> lines) {
        return lines.isEmpty()
                ? this
                : new RoundResult(root, failed, rows, workers, bytesOut, bytesIn, times, traces, lines);
    }
}
