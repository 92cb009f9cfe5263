package dev.kindling.driver.bench;

import dev.kindling.driver.cluster.RoundResult;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The measurement of rounds of one size.
 *
 * @param executors number of JVMs, of one core each
 * @param tasks of a round
 * @param bytes size of θ
 * @param seconds median of a round's wall time
 * @param compute median of the busy seconds of the worker that completed the round
 * @param out median bytes from the driver in a round
 * @param in median bytes to the driver in a round
 */
record ScalePoint(int executors, int tasks, long bytes, double seconds, double compute, double out, double in) {
    /** The measurement of one round. */
    record Reading(double seconds, double compute, double out, double in) {
        static Reading of(long nanos, RoundResult result) {
            long busy = result.times().materialise() + result.times().compute();
            return new Reading(nanos / 1e9, busy / 1e9, result.bytesOut(), result.bytesIn());
        }
    }

    /** The measurement as JSON. */
    Map<String, Object> json(double predicted) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("bench", "scale");
        json.put("executors", executors);
        json.put("tasks", tasks);
        json.put("theta_bytes", bytes);
        json.put("ms", 1e3 * seconds);
        json.put("compute_ms", 1e3 * compute);
        json.put("bytes_out", out);
        json.put("bytes_in", in);
        json.put("model_ms", 1e3 * predicted);
        return json;
    }
}
