package dev.kindling.job.protocol;

import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.tensor.FlatVector;
import java.util.Arrays;
import java.util.List;

/**
 * The result of one {@link RangeRequest}: executor to driver.
 *
 * @param firstTask as in the request
 * @param sums the maximal partial sums of the range, left to right; one whose tasks all failed has task count 0
 * @param failed tasks left out of the sums
 * @param perTaskOutputs per-task outputs, task after task; empty for {@link OutputMode#SUMS}
 * @param worker executor id and Spark task attempt, for logs only
 * @param nanos how the worker spent its time
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

    /** The same result with partial sums whose vectors are empty. */
    public RangeResult withoutSums() {
        return new RangeResult(
                firstTask, sums.stream().map(RangeResult::withoutSums).toList(), failed, perTaskOutputs, worker, nanos);
    }

    private static PartialSum withoutSums(PartialSum sum) {
        FlatVector none = FlatVector.zeros(sum.sums().precision(), 0);
        return new PartialSum(sum.level(), sum.index(), none, sum.totals(), sum.tasks());
    }

    /**
     * Times of a worker in nanoseconds.
     *
     * @param materialise making episodes; the mean over the threads
     * @param compute running programs; the mean over the threads
     * @param reduce merging partial sums after the last block
     * @param elapsed from having request and vector to having the result
     * @param tasks of each task, its episode and its program, for {@link OutputMode#PER_TASK}; else empty. Never written to
     */
    public record Nanos(long materialise, long compute, long reduce, long elapsed, long[] tasks) {
        private static final long[] NO_TASKS = {};

        /** Times for {@link OutputMode#SUMS}. */
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
