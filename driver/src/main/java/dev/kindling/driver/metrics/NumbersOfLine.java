package dev.kindling.driver.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads the numbers of a line of {@code metrics.jsonl}, other than its round, by the names that monitoring tools get. */
final class NumbersOfLine {
    private NumbersOfLine() {}

    /** The numbers by name, those of an object by {@code object/name}, in the order of the line. */
    static Map<String, Double> of(JsonNode line) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        line.fields().forEachRemaining(field -> {
            if (field.getValue().isObject()) {
                field.getValue()
                        .fields()
                        .forEachRemaining(part -> put(numbers, field.getKey() + "/" + part.getKey(), part.getValue()));
            } else if (!field.getKey().equals("round")) {
                put(numbers, field.getKey(), field.getValue());
            }
        });
        return numbers;
    }

    private static void put(Map<String, Double> numbers, String name, JsonNode value) {
        if (value.isNumber()) {
            numbers.put(name, value.doubleValue());
        }
    }
}
