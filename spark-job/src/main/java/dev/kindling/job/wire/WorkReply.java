package dev.kindling.job.wire;

import dev.kindling.job.fold.FoldNode;
import java.util.List;

/**
 * What a worker sends back for one {@link WorkOrder}: executor to driver.
 *
 * @param firstTask as in the order
 * @param nodes the maximal fold nodes of the range, left to right; a block whose tasks all failed has count 0
 * @param failed tasks left out of the sums
 * @param rows per-task outputs, task after task, or empty when they were not asked for
 * @param worker executor id and Spark task attempt, for logs only
 * @param nanos time spent materialising and time spent computing, in nanoseconds
 */
public record WorkReply(
        int firstTask, List<FoldNode> nodes, List<FailedTask> failed, double[] rows, String worker, Nanos nanos) {
    /** Where the worker's time went. */
    public record Nanos(long materialise, long compute) {}
}
