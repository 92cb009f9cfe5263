package dev.kindling.driver.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.check.reference.Reference;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.task.CheckResult;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The report of a check on one task.
 *
 * @param measures per-task outputs of the training program, and its {@code objective}
 * @param outcome of the task computed step by step; empty for a method without a reference
 * @param results of every check, in order
 * @param metaGradient of the task, in double, in the layout of θ
 */
public record CheckReport(
        Task task,
        OrderEstimate estimate,
        Map<String, Double> measures,
        Optional<Reference.Outcome> outcome,
        List<CheckResult> results,
        FlatVector metaGradient) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * The task that was checked.
     *
     * @param key of its random numbers, such as dropout masks
     * @param round at which the method was checked
     */
    public record Task(int[] key, long round, EpisodeLayout layout) {}

    public CheckReport {
        results = List.copyOf(results);
    }

    /** The same report with further results. */
    public CheckReport and(List<CheckResult> more) {
        List<CheckResult> all = new ArrayList<>(results);
        all.addAll(more);
        return new CheckReport(task, estimate, measures, outcome, all, metaGradient);
    }

    /** Whether all checks passed. */
    public boolean holds() {
        return results.stream().allMatch(CheckResult::holds);
    }

    /**
     * The text of {@code check.json}. {@code finite_difference_error} is the error against numerical derivatives through
     * step-by-step adaptation, {@code null} where these are inconclusive.
     *
     * @param configuration every setting, as JSON
     */
    public String json(Algorithm algorithm, String configuration) {
        ObjectNode root = JSON.createObjectNode();
        root.put("algorithm", algorithm.name());
        ObjectNode settings = root.putObject("settings");
        algorithm
                .inner()
                .ifPresent(loop -> settings.put("algorithm.inner-learning-rate", loop.rate())
                        .put("algorithm.inner-steps", loop.steps()));
        ObjectNode checkedTask = root.putObject("task");
        ArrayNode key = checkedTask.putArray("key");
        for (int part : task.key()) {
            key.add(part);
        }
        checkedTask.put("round", task.round());
        measures.forEach(root::put);
        root.put("order", estimate.order().number());
        ObjectNode exact = root.putObject("finite_difference_error");
        estimate.exactErrors().forEach((name, error) -> {
            if (error.conclusive()) {
                exact.put(name, error.error());
            } else {
                exact.putNull(name);
            }
        });
        estimate.firstOrder().ifPresent(firstOrder -> {
            ObjectNode errors = root.putObject("first_order_error");
            firstOrder.errors().forEach(errors::put);
            root.put("first_order_gap", firstOrder.gap());
        });
        outcome.ifPresent(found -> root.putObject("step_by_step")
                .put("objective", found.objective())
                .put("query_loss", found.queryLoss())
                .put("support_loss", found.supportLoss()));
        ArrayNode checks = root.putArray("checks");
        for (CheckResult result : results) {
            checks.addObject()
                    .put("statement", result.statement())
                    .put("holds", result.holds())
                    .put("verdict", result.verdict().word().toLowerCase(Locale.ROOT))
                    .put("evidence", result.evidence());
        }
        try {
            JsonNode all = JSON.readTree(configuration);
            root.set("configuration", all);
            return JSON.writeValueAsString(root) + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
