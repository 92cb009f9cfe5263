package dev.kindling.job.protocol;

import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.tensor.FlatVector;
import java.util.Arrays;
import java.util.List;

/**
 * What a worker sends back for one {@link RangeRequest}: executor to driver.
 *
 * @param firstTask as in the order
 * @param sums the maximal fold nodes of the range, left to right; a node whose tasks all failed has count 0
 * @param failed tasks left out of the sums
 * @param perTaskOutputs per-task outputs, task after task, or empty when they were not asked for
 * @param worker executor id and Spark task attempt, for logs only
 * @param nanos where the worker's time went
 */
public record RangeResult(
        int firstTask,
        List<PartialSum> sums,
        List<FailedTask> failed,
        double[] perTaskOutputs,
        String worker,
        Nanos nanos)
        implements RangeOutcome {
    public RangeResult {
        sums = List.copyOf(sums);
        failed = List.copyOf(failed);
    }

    /** The same reply with nodes that have no sums. */
    public RangeResult withoutSums() {
        return new RangeResult(
                firstTask, sums.stream().map(RangeResult::withoutSums).toList(), failed, perTaskOutputs, worker, nanos);
    }

    private static PartialSum withoutSums(PartialSum sum) {
        FlatVector none = FlatVector.zeros(sum.sums().precision(), 0);
        return new PartialSum(sum.level(), sum.index(), none, sum.totals(), sum.tasks());
    }

    /**
     * Nanoseconds of the worker.
     *
     * @param materialise making episodes; of several threads their mean
     * @param compute running programs; of several threads their mean
     * @param reduce merging nodes after the last block
     * @param elapsed between having order and vector and having the reply
     * @param tasks of each task, its episode and its program, where the order asked for rows; else empty. Nobody writes to it
     */
    public record Nanos(long materialise, long compute, long reduce, long elapsed, long[] tasks) {
        private static final long[] NO_TASKS = {};

        /** Of an order that did not ask for rows. */
        public Nanos(long materialise, long compute, long reduce, long elapsed) {
            this(materialise, compute, reduce, elapsed, NO_TASKS);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Nanos that
                    && materialise == that.materialise
                    && compute == that.compute
                    && reduce == that.reduce
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
        return other instanceof RangeResult that
                && firstTask == that.firstTask
                && sums.equals(that.sums)
                && failed.equals(that.failed)
                && Arrays.equals(perTaskOutputs, that.perTaskOutputs)
                && worker.equals(that.worker)
                && nanos.equals(that.nanos);
    }

    @Override
    public int hashCode() {
        return firstTask * 31 + worker.hashCode();
    }
}
