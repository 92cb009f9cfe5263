package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.RangeResult;

/**
 * How the time of a round was spent, in nanoseconds, measured on its critical path: the range whose result completed it. The
 * rest of the round's wall time is idle: waiting for a slot, or for a thread with more work than others.
 *
 * @param materialise making episodes, mean over the worker's threads
 * @param compute running programs, mean over the worker's threads
 * @param reduce merging partial sums, on the worker and on the driver
 * @param communication encoding, transfer and decoding
 */
public record ExecutorTimings(long materialise, long compute, long reduce, long communication) {
    /** The same with additional nanoseconds of communication. */
    ExecutorTimings plusCommunication(long more) {
        return new ExecutorTimings(materialise, compute, reduce, communication + more);
    }

    /**
     * The timings of a round.
     *
     * @param last times of the worker whose result completed the round
     * @param driverReduce merging partial sums on the driver
     * @param communication encoding, transfer and decoding
     */
    public static ExecutorTimings of(RangeResult.Nanos last, long driverReduce, long communication) {
        return new ExecutorTimings(last.materialise(), last.compute(), last.reduce() + driverReduce, communication);
    }
}
