package dev.kindling.job.wire;

import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.tensor.Storage;
import java.util.Arrays;
import java.util.List;

/**
 * What a worker sends back for one {@link WorkOrder}: executor to driver.
 *
 * @param firstTask as in the order
 * @param nodes the maximal fold nodes of the range, left to right; a node whose tasks all failed has count 0
 * @param failed tasks left out of the sums
 * @param rows per-task outputs, task after task, or empty when they were not asked for
 * @param worker executor id and Spark task attempt, for logs only
 * @param nanos where the worker's time went
 */
public record WorkReply(
        int firstTask, List<FoldNode> nodes, List<FailedTask> failed, double[] rows, String worker, Nanos nanos)
        implements Answer {
    public WorkReply {
        nodes = List.copyOf(nodes);
        failed = List.copyOf(failed);
    }

    /** The same reply with nodes that have no sums. */
    public WorkReply withoutSums() {
        return new WorkReply(
                firstTask, nodes.stream().map(WorkReply::withoutSums).toList(), failed, rows, worker, nanos);
    }

    private static FoldNode withoutSums(FoldNode node) {
        Storage none = Storage.zeros(node.sums().precision(), 0);
        return new FoldNode(node.level(), node.index(), none, node.totals(), node.tasks());
    }

    /**
     * Nanoseconds of the worker.
     *
     * @param materialise making episodes; of several threads their mean
     * @param compute running programs; of several threads their mean
     * @param fold merging nodes after the last block
     * @param elapsed between having order and vector and having the reply
     * @param tasks of each task, its episode and its program, where the order asked for rows; else empty. Nobody writes to it
     */
    public record Nanos(long materialise, long compute, long fold, long elapsed, long[] tasks) {
        private static final long[] NO_TASKS = {};

        /** Of an order that did not ask for rows. */
        public Nanos(long materialise, long compute, long fold, long elapsed) {
            this(materialise, compute, fold, elapsed, NO_TASKS);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Nanos that
                    && materialise == that.materialise
                    && compute == that.compute
                    && fold == that.fold
                    && elapsed == that.elapsed
                    && Arrays.equals(tasks, that.tasks);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(elapsed);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WorkReply that
                && firstTask == that.firstTask
                && nodes.equals(that.nodes)
                && failed.equals(that.failed)
                && Arrays.equals(rows, that.rows)
                && worker.equals(that.worker)
                && nanos.equals(that.nanos);
    }

    @Override
    public int hashCode() {
        return firstTask * 31 + worker.hashCode();
    }
}
