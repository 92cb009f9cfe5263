package dev.kindling.driver.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.metrics.MetricsReader;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.job.error.BadDataException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files of a run, as read for a report.
 *
 * @param name of its folder
 * @param status content of {@code status.json}; a missing node if there is none
 * @param evaluation content of {@code evaluation.json}; a missing node if there is none
 * @param rounds number of rounds that its model has had
 */
public record ReportedRun(
        String name, JsonNode status, JsonNode evaluation, MetricsReader metrics, Provenance provenance, long rounds) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Reads the files of a run.
     *
     * @throws BadDataException if there is no run, it has no model yet, or a file is damaged
     */
    public static ReportedRun in(AtomicDirectory folder) {
        StoredModel model = RunDirectory.open(folder).readModel();
        return new ReportedRun(
                folder.name(),
                json(folder, "status.json"),
                json(folder, "evaluation.json"),
                MetricsReader.in(folder),
                model.manifest().provenance(),
                model.manifest().rounds());
    }

    /** Reads a JSON file; a missing node if it does not exist. BadDataException if it is not JSON. */
    static JsonNode json(AtomicDirectory folder, String name) {
        if (!folder.has(name)) {
            return MissingNode.getInstance();
        }
        try {
            return JSON.readTree(folder.read(name));
        } catch (IOException e) {
            throw new BadDataException(folder.place(name) + " is damaged: it is not JSON", e);
        }
    }

    /** The value of a configuration key, as text. */
    String setting(String key) {
        JsonNode node = provenance.configuration().at("/" + key.replace('.', '/'));
        return Charts.text(node);
    }

    /** Every configuration key with its value. */
    List<List<String>> settings() {
        List<List<String>> rows = new ArrayList<>();
        collect("", provenance.configuration(), rows);
        return rows;
    }

    private static void collect(String prefix, JsonNode node, List<List<String>> rows) {
        node.fields().forEachRemaining(field -> {
            if (field.getValue().isObject() && !field.getValue().has("schedule")) {
                collect(prefix + field.getKey() + ".", field.getValue(), rows);
            } else {
                JsonNode value = field.getValue();
                rows.add(List.of(prefix + field.getKey(), Charts.text(value)));
            }
        });
    }

    /** A statistic of a measure, such as {@code mean} of {@code loss}, after each number of inner steps; NaN if missing. */
    static double[] steps(JsonNode steps, String measure, String statistic) {
        double[] numbers = new double[steps.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = steps.get(i).path(measure).path(statistic).asDouble(Double.NaN);
        }
        return numbers;
    }

    /** The measures: {@code accuracy}, if present, before {@code loss}. */
    static List<String> measures(JsonNode steps) {
        return steps.path(0).has("accuracy") ? List.of("accuracy", "loss") : List.of("loss");
    }

    /** The main result of the evaluation: after the number of inner steps of training. */
    Optional<String> headline() {
        JsonNode steps = evaluation.path("steps");
        if (steps.isEmpty()) {
            return Optional.empty();
        }
        int step = Math.min(steps.size() - 1, innerSteps());
        String measure = measures(steps).get(0);
        JsonNode found = steps.get(step).path(measure);
        double mean = found.path("mean").asDouble(Double.NaN);
        double ci = found.path("ci95").asDouble(Double.NaN);
        boolean percent = measure.equals("accuracy");
        return Optional.of((percent ? "Accuracy " : "Loss ")
                + (percent
                        ? NumberFormat.percent(mean) + " ± " + NumberFormat.percent(ci)
                        : NumberFormat.text(mean) + " ± " + NumberFormat.text(ci))
                + (steps.size() == 1
                        ? " without inner steps"
                        : step == 1 ? " after 1 inner step" : " after " + step + " inner steps")
                + ", over "
                + evaluation.at("/protocol/tasks").asText() + " "
                + evaluation.at("/protocol/split").asText()
                + " tasks (mean with the 95% interval over tasks).");
    }

    /** The number of inner steps of training. */
    int innerSteps() {
        return provenance.configuration().at("/algorithm/inner-steps").asInt(1);
    }
}
