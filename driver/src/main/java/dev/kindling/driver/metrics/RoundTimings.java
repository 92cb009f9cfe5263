package dev.kindling.driver.metrics;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the wall time of rounds went, in nanoseconds; the parts make up the whole.
 *
 * @param sample drawing task specs, on the driver
 * @param materialize making episodes, on the workers
 * @param compute running programs, on the workers
 * @param reduce merging nodes, on both
 * @param communication encoding, travelling and decoding
 * @param idle what is left of the time between asking for a round and having it
 * @param optimize from the sum to the next θ, on the driver
 */
public record RoundTimings(
        long sample, long materialize, long compute, long reduce, long communication, long idle, long optimize) {
    /** No time at all. */
    public static final RoundTimings NONE = new RoundTimings(0, 0, 0, 0, 0, 0, 0);

    /** The times of both, part by part. */
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

    /** The mean over the given count of rounds. */
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

    /** The parts by the names that {@code metrics.jsonl} gives them, in the order in which a round meets them. */
    public Map<String, Long> parts() {
        Map<String, Long> parts = new LinkedHashMap<>();
        parts.put("sample", sample);
        parts.put("materialise", materialize);
        parts.put("compute", compute);
        parts.put("fold", reduce);
        parts.put("wire", communication);
        parts.put("wait", idle);
        parts.put("optimize", optimize);
        return parts;
    }
}
