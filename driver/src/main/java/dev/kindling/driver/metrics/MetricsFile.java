package dev.kindling.driver.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.checkpoint.Folder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What {@code metrics.jsonl} of a run says, line by line; a line that is cut short, as the last one may be, is left out. */
public final class MetricsFile {
    private static final String NAME = "metrics.jsonl";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<JsonNode> lines;

    private MetricsFile(List<JsonNode> lines) {
        this.lines = lines;
    }

    /** The metrics of the run in a folder; without lines where it has none. */
    public static MetricsFile in(Folder run) {
        List<JsonNode> lines = new ArrayList<>();
        if (run.has(NAME)) {
            new String(run.read(NAME), StandardCharsets.UTF_8).lines().forEach(line -> add(lines, line));
        }
        return new MetricsFile(lines);
    }

    private static void add(List<JsonNode> lines, String line) {
        try {
            JsonNode node = JSON.readTree(line);
            if (node.path("round").isNumber()) {
                lines.add(node);
            }
        } catch (JsonProcessingException e) {
            // The driver died while it wrote it; what is whole stands before it.
        }
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
