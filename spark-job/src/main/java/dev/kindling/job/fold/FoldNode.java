package dev.kindling.job.fold;

import dev.kindling.job.tensor.Storage;

/**
 * One ordered sum in the fixed binary tree over the blocks of a round: node (level, index) covers blocks
 * [index·2^level, (index+1)·2^level) ∩ [0, blocks). Lives on executors and on the driver.
 *
 * @param sums the program's summed outputs, added over the node's tasks in task order
 * @param totals the program's per-task outputs, added over the same tasks in double
 * @param tasks how many tasks were added; failed tasks are not among them
 */
public record FoldNode(int level, int index, Storage sums, double[] totals, int tasks) {}
