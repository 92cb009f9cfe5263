package dev.kindling.driver.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.storage.AtomicDirectory;
import java.util.List;
import java.util.Optional;

/** What {@code metrics.jsonl} of a run says, line by line; a line that is damaged or cut short is left out. */
public final class MetricsReader {
    private static final String NAME = "metrics.jsonl";

    private final List<JsonNode> lines;
    private final Optional<String> warning;

    private MetricsReader(MetricsLines lines, String place) {
        this.lines = lines.whole().stream().map(MetricsLines.Line::content).toList();
        this.warning = lines.warning(place);
    }

    /** The metrics of the run in a folder; without lines where it has none. */
    public static MetricsReader in(AtomicDirectory run) {
        byte[] content = run.has(NAME) ? run.read(NAME) : new byte[0];
        return new MetricsReader(MetricsLines.of(content), run.place(NAME));
    }

    /** One sentence about lines that are damaged; empty where none is. */
    public Optional<String> warning() {
        return warning;
    }

    /** How many lines. */
    public int size() {
        return lines.size();
    }

    /** Whether any line has that number. */
    public boolean has(String name) {
        return lines.stream().anyMatch(line -> node(line, name).isNumber());
    }

    /**
     * A number of all lines, NaN where one does not have it.
     *
     * @param name as the file has it; {@code round_milliseconds.compute} for one within an object
     */
    public double[] column(String name) {
        return lines.stream()
                .mapToDouble(line -> node(line, name).asDouble(Double.NaN))
                .toArray();
    }

    /** The number of the last line, NaN where there is none. */
    public double last(String name) {
        return lines.isEmpty()
                ? Double.NaN
                : node(lines.get(lines.size() - 1), name).asDouble(Double.NaN);
    }

    private static JsonNode node(JsonNode line, String name) {
        return line.at("/" + name.replace('.', '/'));
    }
}
