package dev.kindling.driver.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A measured figure and its baseline.
 *
 * @param bench the benchmark that it belongs to
 * @param name of the figure
 * @param unit {@code ms}, {@code GFLOP/s} or {@code tasks/ms}
 * @param samples at least one
 * @param of name of the baseline
 * @param baseline the baseline's samples, in the same unit
 */
record Figure(String bench, String name, String unit, double[] samples, String of, double[] baseline) {
    static final String HEAD =
            String.format(Locale.ROOT, "%-42s %10s %10s %10s  %-8s ratio", "", "median", "low", "high", "");

    private double low() {
        return Arrays.stream(samples).min().orElseThrow();
    }

    private double high() {
        return Arrays.stream(samples).max().orElseThrow();
    }

    private double median() {
        return Timing.median(samples);
    }

    private double ratio() {
        return median() / Timing.median(baseline);
    }

    /** The line of the table. */
    String line() {
        String first = bench + ": " + name;
        return String.format(
                Locale.ROOT,
                "%-42s %10.4f %10.4f %10.4f  %-8s %s",
                first,
                median(),
                low(),
                high(),
                unit,
                name.equals(of) ? "" : String.format(Locale.ROOT, "%.3f of %s", ratio(), of));
    }

    /** The figure as JSON. */
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("bench", bench);
        json.put("figure", name);
        json.put("unit", unit);
        json.put("median", median());
        json.put("low", low());
        json.put("high", high());
        json.put("samples", samples.length);
        json.put("ratio", ratio());
        json.put("of", of);
        return json;
    }
}
