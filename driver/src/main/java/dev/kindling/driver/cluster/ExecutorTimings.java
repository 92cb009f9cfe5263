package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.RangeResult;

/**
 * Where the time of a round went on its longest way, that of the reply that completed it, in nanoseconds. What is left of
 * the round's wall time is waiting: for a slot, or for a thread that had more to do than others.
 *
 * @param materialise making episodes, as the mean of the worker's threads
 * @param compute running programs, as the mean of the worker's threads
 * @param reduce merging nodes, on the worker and on the driver
 * @param communication encoding, travelling and decoding
 */
public record ExecutorTimings(long materialise, long compute, long reduce, long communication) {
    /** The same with so much more of travelling. */
    ExecutorTimings plusCommunication(long more) {
        return new ExecutorTimings(materialise, compute, reduce, communication + more);
    }

    /**
     * The times of a round.
     *
     * @param last where the time of the worker went whose reply completed the round
     * @param fold merging nodes on the driver
     * @param wire encoding, travelling and decoding
     */
    public static ExecutorTimings of(RangeResult.Nanos last, long fold, long wire) {
        return new ExecutorTimings(last.materialise(), last.compute(), last.reduce() + fold, wire);
    }
}
