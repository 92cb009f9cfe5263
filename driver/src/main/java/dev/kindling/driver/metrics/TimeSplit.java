package dev.kindling.driver.metrics;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the wall time of rounds went, in nanoseconds; the parts make up the whole.
 *
 * @param sample drawing task specs, on the driver
 * @param materialise making episodes, on the workers
 * @param compute running programs, on the workers
 * @param fold merging nodes, on both
 * @param wire encoding, travelling and decoding
 * @param idle what is left of the time between asking for a round and having it
 * @param optimize from the sum to the next θ, on the driver
 */
public record TimeSplit(long sample, long materialise, long compute, long fold, long wire, long idle, long optimize) {
    /** No time at all. */
    public static final TimeSplit NONE = new TimeSplit(0, 0, 0, 0, 0, 0, 0);

    /** The times of both, part by part. */
    public TimeSplit plus(TimeSplit more) {
        return new TimeSplit(
                sample + more.sample,
                materialise + more.materialise,
                compute + more.compute,
                fold + more.fold,
                wire + more.wire,
                idle + more.idle,
                optimize + more.optimize);
    }

    /** The mean over the given count of rounds. */
    public TimeSplit dividedBy(int rounds) {
        return new TimeSplit(
                sample / rounds,
                materialise / rounds,
                compute / rounds,
                fold / rounds,
                wire / rounds,
                idle / rounds,
                optimize / rounds);
    }

    /** The parts by the names that {@code metrics.jsonl} gives them, in the order in which a round meets them. */
    public Map<String, Long> parts() {
        Map<String, Long> parts = new LinkedHashMap<>();
        parts.put("sample", sample);
        parts.put("materialise", materialise);
        parts.put("compute", compute);
        parts.put("fold", fold);
        parts.put("wire", wire);
        parts.put("wait", idle);
        parts.put("optimize", optimize);
        return parts;
    }
}
