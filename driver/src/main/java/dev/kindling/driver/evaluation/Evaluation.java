package dev.kindling.driver.evaluation;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.job.task.IntRange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The result of an evaluation: statistics over the evaluated tasks after 0, 1, ... k inner steps.
 *
 * @param steps one entry for each number of inner steps, from 0 on
 * @param tasks the per-task results; empty unless they were requested
 * @param groups the evaluation by group; empty unless tasks are groups of a table
 */
public record Evaluation(
        Protocol protocol, List<Step> steps, Optional<PerTaskResults> tasks, Optional<GroupEvaluation> groups) {
    /**
     * Statistics over the tasks after one number of inner steps.
     *
     * @param accuracy a fraction; empty for regression
     * @param rmse root of the mean squared error over the query examples of all tasks together, in the units of the data;
     *     empty for classification and for tasks without names
     * @param lossOverRows mean loss of the query examples of all tasks together; empty for tasks without names
     */
    public record Step(
            Statistics loss, Optional<Statistics> accuracy, OptionalDouble rmse, OptionalDouble lossOverRows) {
        /** Statistics of tasks without a common error. */
        public Step(Statistics loss, Optional<Statistics> accuracy) {
            this(loss, accuracy, OptionalDouble.empty(), OptionalDouble.empty());
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    public Evaluation {
        steps = List.copyOf(steps);
    }

    /** The same evaluation with one by group. */
    Evaluation with(GroupEvaluation byGroup) {
        return new Evaluation(protocol, steps, tasks, Optional.of(byGroup));
    }

    /** The scores of each group as a Parquet file; empty unless per-task results were requested. */
    public Optional<byte[]> groupsParquet() {
        return tasks.isPresent() ? groups.map(GroupParquet::encode) : Optional.empty();
    }

    /**
     * Statistics after the given number of inner steps.
     *
     * @throws IllegalArgumentException if fewer steps were measured
     */
    public Step step(int count) {
        if (count < 0 || count >= steps.size()) {
            throw new IllegalArgumentException(
                    "step " + count + " was not measured; it must be from 0 to " + (steps.size() - 1));
        }
        return steps.get(count);
    }

    /** The text of {@code evaluation.json}; values that are not finite are null. */
    public String json(EvaluatedModel model) {
        ObjectNode root = JSON.createObjectNode();
        root.set("protocol", json(protocol));
        ArrayNode entries = root.putArray("steps");
        for (Step step : steps) {
            ObjectNode entry = entries.addObject();
            entry.set("loss", json(step.loss()));
            step.accuracy().ifPresent(accuracy -> entry.set("accuracy", json(accuracy)));
            step.rmse().ifPresent(rmse -> putFinite(entry, "rmse", rmse));
        }
        if (protocol.episodes().isPresent()) {
            tasks.ifPresent(results -> addEach(root.putArray("episodes"), results));
        }
        groups.ifPresent(found -> root.set("groups", GroupEvaluationJson.of(found)));
        model.addTo(root);
        try {
            return JSON.writeValueAsString(root) + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds an object for each episode: its name, and its measures after 0, 1, ... inner steps. */
    private void addEach(ArrayNode episodes, PerTaskResults results) {
        for (int task = 0; task < results.tasks(); task++) {
            ObjectNode episode =
                    episodes.addObject().put("name", results.name(task).orElseThrow());
            ArrayNode losses = episode.putArray("loss");
            for (int step = 0; step < results.steps(); step++) {
                addFinite(losses, results.loss(task, step));
            }
            if (results.has(Measure.ACCURACY)) {
                ArrayNode accuracies = episode.putArray("accuracy");
                for (int step = 0; step < results.steps(); step++) {
                    addFinite(accuracies, results.accuracy(task, step).orElse(Double.NaN));
                }
            }
        }
    }

    private static void addFinite(ArrayNode numbers, double number) {
        if (Double.isFinite(number)) {
            numbers.add(number);
        } else {
            numbers.addNull();
        }
    }

    static ObjectNode json(Protocol protocol) {
        ObjectNode node = JSON.createObjectNode();
        node.put("source", protocol.source());
        node.put("split", protocol.split());
        if (protocol.ways().most() > 0) {
            put(node, "ways", protocol.ways());
        }
        put(node, "shots", protocol.shots());
        put(node, "query", protocol.query());
        if (protocol.padding() > 0) {
            node.put("padding", protocol.padding());
        }
        protocol.within().ifPresent(within -> node.put("within", within));
        protocol.episodes().ifPresent(place -> node.put("episodes", place));
        return node.put("tasks", protocol.tasks())
                .put("seed", protocol.seed())
                .put("batch_norm", protocol.batchNorm())
                .put("order", protocol.order());
    }

    /** Writes a number, or {@code [least, most]} if tasks differ. */
    private static void put(ObjectNode node, String name, IntRange range) {
        if (range.varies()) {
            node.putArray(name).add(range.least()).add(range.most());
        } else {
            node.put(name, range.most());
        }
    }

    static ObjectNode json(Statistics statistics) {
        ObjectNode node = JSON.createObjectNode();
        putFinite(node, "mean", statistics.mean());
        putFinite(node, "median", statistics.median());
        putFinite(node, "ci95", statistics.ci95());
        return node.put("diverged", statistics.diverged()).put("worsened", statistics.worsened());
    }

    static void putFinite(ObjectNode node, String name, double number) {
        if (Double.isFinite(number)) {
            node.put(name, number);
        } else {
            node.putNull(name);
        }
    }
}
