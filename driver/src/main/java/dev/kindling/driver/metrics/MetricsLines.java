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
 * The text of a {@code metrics.jsonl}, line by line. A last line without an end, as a driver leaves it that dies while it
 * writes, is no line unless it is whole.
 *
 * @param whole the lines that can be read
 * @param damaged the numbers, from 1 on, of those that cannot
 */
record MetricsLines(List<Line> whole, List<Integer> damaged) {
    /** Two lines whose line break was lost are not the first of them. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** A line that can be read: its text, without the line break, and what it says. */
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

    /** One sentence about the lines that are damaged; empty where none is. */
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
