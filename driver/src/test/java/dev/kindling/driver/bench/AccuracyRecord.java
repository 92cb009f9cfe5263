package dev.kindling.driver.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What {@code docs/results/NAME.json} holds of a run that was trained and evaluated: its evaluation and the accuracy of each
 * validation against minutes.
 *
 * @param name of the file without its ending
 * @param json its content
 */
record AccuracyRecord(String name, JsonNode json) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final String ENDING = ".json";
    private static final String MINUTES = "minutes";
    private static final String ACCURACY = "accuracy";
    private static final double PERCENT = 100;

    /** A validation during training, or the evaluation after it. */
    record Point(double minutes, double percent) {}

    /**
     * The record of a run.
     *
     * @param run its folder
     * @param machine that trained it
     * @param note about its minutes; empty for none
     * @throws IllegalArgumentException if it was not evaluated on classes
     */
    static AccuracyRecord of(String name, Path run, String machine, String note) throws IOException {
        Path evaluated = run.resolve("evaluation.json");
        if (!Files.exists(evaluated)) {
            throw new IllegalArgumentException(
                    run + " has no evaluation.json: it is no run that is trained and evaluated");
        }
        JsonNode evaluation = JSON.readTree(evaluated.toFile());
        if (!evaluation.at("/steps/0/accuracy").isObject()) {
            throw new IllegalArgumentException(evaluated + " has no accuracies");
        }
        ObjectNode record = JSON.createObjectNode();
        record.put("algorithm", evaluation.at("/settings/algorithm/name").asText());
        record.put("seed", evaluation.at("/settings/run/seed").asLong());
        record.put(
                "inner_steps", evaluation.at("/settings/algorithm/inner-steps").asInt());
        record.put("machine", machine);
        if (!note.isEmpty()) {
            record.put("note", note);
        }
        record.set("protocol", evaluation.get("protocol"));
        ArrayNode accuracies = record.putArray(ACCURACY);
        evaluation
                .get("steps")
                .forEach(step -> accuracies
                        .addObject()
                        .put("mean", step.at("/accuracy/mean").asDouble())
                        .put("ci95", step.at("/accuracy/ci95").asDouble()));
        addTraining(record, Files.readAllLines(run.resolve("metrics.jsonl")));
        record.put("model_round", evaluation.at("/provenance/rounds").asLong());
        record.set("provenance", evaluation.get("provenance"));
        return new AccuracyRecord(name, record);
    }

    private static void addTraining(ObjectNode record, List<String> metrics) throws IOException {
        ArrayNode validations = record.putArray("validations");
        for (String line : metrics) {
            JsonNode metric = JSON.readTree(line);
            double minutes = metric.get("seconds").asDouble() / 60;
            record.put("rounds", metric.get("round").asLong()).put(MINUTES, rounded(minutes));
            if (metric.has("validation_accuracy")) {
                validations
                        .addObject()
                        .put("round", metric.get("round").asLong())
                        .put(MINUTES, rounded(minutes))
                        .put(ACCURACY, metric.get("validation_accuracy").asDouble());
            }
        }
    }

    private static double rounded(double minutes) {
        return Math.rint(minutes * 1000) / 1000;
    }

    /** All records of a folder, by name. */
    static List<AccuracyRecord> in(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<AccuracyRecord> records = new ArrayList<>();
            for (Path file : files.filter(each -> each.toString().endsWith(ENDING))
                    .sorted()
                    .toList()) {
                String name = file.getFileName().toString();
                records.add(new AccuracyRecord(
                        name.substring(0, name.length() - ENDING.length()), JSON.readTree(file.toFile())));
            }
            return records;
        }
    }

    void write(Path folder) throws IOException {
        Files.writeString(folder.resolve(name + ENDING), JSON.writeValueAsString(json) + "\n");
    }

    /** The tasks, such as {@code 5-way 1-shot}. */
    String cell() {
        return json.at("/protocol/ways").asInt() + "-way "
                + json.at("/protocol/shots").asInt() + "-shot";
    }

    /** Minutes of training, evaluation excluded. */
    double minutes() {
        return json.get(MINUTES).asDouble();
    }

    private JsonNode result() {
        JsonNode steps = json.get(ACCURACY);
        return steps.get(Math.min(json.get("inner_steps").asInt(), steps.size() - 1));
    }

    /** The evaluation after the steps that the method trains for. */
    Point evaluation() {
        return new Point(minutes(), PERCENT * result().get("mean").asDouble());
    }

    /** The validations in the order of training. */
    List<Point> validations() {
        List<Point> points = new ArrayList<>();
        json.get("validations")
                .forEach(each -> points.add(new Point(
                        each.get(MINUTES).asDouble(),
                        PERCENT * each.get(ACCURACY).asDouble())));
        return points;
    }

    /** The row of the table in {@code docs/results.md}. */
    String row() {
        JsonNode protocol = json.get("protocol");
        return String.format(
                Locale.ROOT,
                "| `%s` | %d | %s, %d quer%s | %,d, the model after %,d | %.1f%s | %,d of %s | **%.2f ± %.2f** |",
                name,
                json.get("seed").asLong(),
                cell(),
                protocol.get("query").asInt(),
                protocol.get("query").asInt() == 1 ? "y" : "ies",
                json.get("rounds").asLong(),
                json.get("model_round").asLong(),
                minutes(),
                json.has("note") ? ", " + json.get("note").asText() : "",
                protocol.get("tasks").asInt(),
                protocol.get("split").asText(),
                evaluation().percent(),
                PERCENT * result().get("ci95").asDouble());
    }
}
