package dev.kindling.driver.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.storage.AtomicDirectory;
import java.util.List;
import java.util.Optional;

/** Reader of a run's {@code metrics.jsonl}; damaged and incomplete lines are skipped. */
public final class MetricsReader {
    private static final String NAME = "metrics.jsonl";

    private final List<JsonNode> lines;
    private final Optional<String> warning;

    private MetricsReader(MetricsLines lines, String place) {
        this.lines = lines.whole().stream().map(MetricsLines.Line::content).toList();
        this.warning = lines.warning(place);
    }

    /** Reads the metrics of the run in a directory; no lines if it has none. */
    public static MetricsReader in(AtomicDirectory run) {
        byte[] content = run.has(NAME) ? run.read(NAME) : new byte[0];
        return new MetricsReader(MetricsLines.of(content), run.place(NAME));
    }

    /** A single-line message about damaged lines; empty if there are none. */
    public Optional<String> warning() {
        return warning;
    }

    /** The number of lines. */
    public int size() {
        return lines.size();
    }

    /** Whether any line has a value of that name. */
    public boolean has(String name) {
        return lines.stream().anyMatch(line -> node(line, name).isNumber());
    }

    /**
     * The values of one key in all lines; NaN where a line lacks it.
     *
     * @param name the key in the file; {@code round_milliseconds.compute} for a nested one
     */
    public double[] column(String name) {
        return lines.stream()
                .mapToDouble(line -> node(line, name).asDouble(Double.NaN))
                .toArray();
    }

    /** The value of a key in the last line; NaN if there is none. */
    public double last(String name) {
        return lines.isEmpty()
                ? Double.NaN
                : node(lines.get(lines.size() - 1), name).asDouble(Double.NaN);
    }

    private static JsonNode node(JsonNode line, String name) {
        return line.at("/" + name.replace('.', '/'));
    }
}
