package dev.kindling.job.reduce;

import dev.kindling.job.tensor.FlatVector;
import java.util.Arrays;

/**
 * The sum of one node of the fixed binary reduction tree over the blocks of a round: node (level, index) covers blocks
 * [index·2^level, (index+1)·2^level) ∩ [0, blocks). Lives on executors and on the driver.
 *
 * @param sums the program's summed outputs, added over the node's tasks in task order
 * @param totals the program's per-task outputs, added over the same tasks in double
 * @param tasks how many tasks were added; failed tasks are not among them
 */
public record PartialSum(int level, int index, FlatVector sums, double[] totals, int tasks) {
    /** A leaf: the sum of one block. */
    public static PartialSum block(int block, FlatVector sums, double[] totals, int tasks) {
        return new PartialSum(0, block, sums, totals, tasks);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PartialSum that
                && level == that.level
                && index == that.index
                && tasks == that.tasks
                && sums.equals(that.sums)
                && Arrays.equals(totals, that.totals);
    }

    @Override
    public int hashCode() {
        return (level * 31 + index) * 31 + tasks;
    }

    /** As errors name a node: {@code node (2, 1) of 7 tasks}. */
    @Override
    public String toString() {
        return "node (" + level + ", " + index + ") of " + tasks + " tasks";
    }
}
