package dev.kindling.driver.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The parsed lines of a {@code metrics.jsonl}. A last line without a line break, which a driver leaves that dies while
 * writing, is used if it is complete and otherwise ignored.
 *
 * @param whole the readable lines
 * @param damaged 1-based numbers of the unreadable lines
 */
record MetricsLines(List<Line> whole, List<Integer> damaged) {
    /** Rejects two lines whose line break was lost, instead of reading the first of them. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** A readable line: its text without the line break, and the parsed object. */
    record Line(String text, JsonNode content) {
        long round() {
            return content.path("round").asLong();
        }
    }

    static MetricsLines of(byte[] file) {
        String text = new String(file, StandardCharsets.UTF_8);
        List<String> lines = text.lines().toList();
        List<Line> whole = new ArrayList<>();
        List<Integer> damaged = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            Optional<Line> line = line(lines.get(i));
            boolean cutShort = i == lines.size() - 1 && !text.endsWith("\n");
            if (line.isPresent()) {
                whole.add(line.get());
            } else if (!cutShort) {
                damaged.add(i + 1);
            }
        }
        return new MetricsLines(List.copyOf(whole), List.copyOf(damaged));
    }

    private static Optional<Line> line(String text) {
        try {
            JsonNode content = JSON.readTree(text);
            return content.path("round").isNumber() ? Optional.of(new Line(text, content)) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /** A single-line message about the damaged lines; empty if there are none. */
    Optional<String> warning(String place) {
        if (damaged.isEmpty()) {
            return Optional.empty();
        }
        String numbers = damaged.stream().map(String::valueOf).collect(Collectors.joining(", "));
        return Optional.of(place + " is damaged in line" + (damaged.size() == 1 ? " " : "s ") + numbers
                + (damaged.size() == 1 ? ", which is" : ", which are") + " left out; the other " + whole.size()
                + " lines are used");
    }
}
