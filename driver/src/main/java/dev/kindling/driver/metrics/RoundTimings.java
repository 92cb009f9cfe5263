package dev.kindling.driver.metrics;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The wall time of rounds by part, in nanoseconds; the parts add up to the whole.
 *
 * @param sample sampling task specs, on the driver
 * @param materialize creating episodes, on the workers
 * @param compute running programs, on the workers
 * @param reduce merging partial sums, on executors and driver
 * @param communication encoding, transfer and decoding of messages
 * @param idle the rest of the time between the request of a round and its result
 * @param optimize from the round's sum to the next θ, on the driver
 */
public record RoundTimings(
        long sample, long materialize, long compute, long reduce, long communication, long idle, long optimize) {
    /** All parts 0. */
    public static final RoundTimings NONE = new RoundTimings(0, 0, 0, 0, 0, 0, 0);

    /** The sums of both, part by part. */
    public RoundTimings plus(RoundTimings more) {
        return new RoundTimings(
                sample + more.sample,
                materialize + more.materialize,
                compute + more.compute,
                reduce + more.reduce,
                communication + more.communication,
                idle + more.idle,
                optimize + more.optimize);
    }

    /** The mean over the given number of rounds. */
    public RoundTimings dividedBy(int rounds) {
        return new RoundTimings(
                sample / rounds,
                materialize / rounds,
                compute / rounds,
                reduce / rounds,
                communication / rounds,
                idle / rounds,
                optimize / rounds);
    }

    /** The parts by their keys in {@code metrics.jsonl}, in the order of a round. */
    public Map<String, Long> parts() {
        Map<String, Long> parts = new LinkedHashMap<>();
        parts.put("sample", sample);
        parts.put("materialize", materialize);
        parts.put("compute", compute);
        parts.put("reduce", reduce);
        parts.put("communication", communication);
        parts.put("idle", idle);
        parts.put("optimize", optimize);
        return parts;
    }
}
