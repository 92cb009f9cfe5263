package dev.kindling.driver.evaluation;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.metrics.LossWindow;
import dev.kindling.driver.metrics.TrainingCost;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/** Writer of {@code compare.json}; values that are not finite are null. */
public final class ComparisonJson {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final ObjectNode root = JSON.createObjectNode();

    private ComparisonJson() {}

    /**
     * The text of the file.
     *
     * @param summaries of the entrants, in the order of the comparison's scores
     * @param fits changed settings of the tasks on which the report draws fits, {@code key=value} each
     * @param groups of all entrants; empty unless tasks are groups of a table
     */
    public static String of(
            Comparison comparison,
            List<EntrantSummary> summaries,
            List<String> fits,
            Optional<GroupEvaluation> groups) {
        ComparisonJson json = new ComparisonJson();
        ObjectNode protocol = Evaluation.json(comparison.protocol());
        protocol.remove(List.of("batch_norm", "order"));
        protocol.put("steps", comparison.steps() - 1);
        json.root.set("protocol", protocol);
        json.root.set("fits", JSON.valueToTree(fits));
        ArrayNode entrants = json.root.putArray("entrants");
        for (int i = 0; i < summaries.size(); i++) {
            entrant(entrants.addObject(), summaries.get(i), comparison.scores().get(i));
        }
        ArrayNode differences = json.root.putArray("differences");
        comparison.pairs().forEach(pair -> difference(differences.addObject(), comparison, pair));
        groups.ifPresent(found -> json.root.set("groups", GroupEvaluationJson.of(found)));
        try {
            return JSON.writeValueAsString(json.root) + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void entrant(ObjectNode node, EntrantSummary entrant, EntrantScores scores) {
        node.put("name", entrant.name())
                .put("origin", entrant.origin())
                .put("algorithm", entrant.algorithm())
                .put("batch_norm", entrant.batchNorm())
                .put("order", entrant.order())
                .put("theta_numbers", entrant.numbers())
                .put("theta_bytes", entrant.bytes());
        Evaluation.putFinite(node, "task_milliseconds", scores.milliseconds());
        ArrayNode runs = node.putArray("runs");
        entrant.runs().forEach(run -> run(runs.addObject(), run));
        ArrayNode steps = node.putArray("steps");
        for (int step = 0; step < scores.steps(); step++) {
            ObjectNode entry = steps.addObject();
            for (Measure measure : Measure.values()) {
                if (scores.has(measure)) {
                    entry.set(measure.key(), measured(scores, measure, step));
                }
            }
        }
    }

    private static void run(ObjectNode node, EntrantSummary.Run run) {
        TrainingCost cost = run.cost();
        node.put("seed", run.seed())
                .put("folder", run.folder())
                .put("rounds", cost.rounds())
                .put("tasks", cost.tasks());
        Evaluation.putFinite(node, "seconds", cost.seconds());
        Evaluation.putFinite(node, "tasks_per_second", cost.tasksPerSecond());
        Evaluation.putFinite(node, "round_milliseconds", cost.roundMilliseconds());
        Evaluation.putFinite(node, "round_bytes_out", cost.bytesOut());
        Evaluation.putFinite(node, "round_bytes_in", cost.bytesIn());
        ArrayNode windows = node.putArray("query_loss");
        for (LossWindow window : run.windows()) {
            ObjectNode entry = windows.addObject()
                    .put("from_round", window.from())
                    .put("to_round", window.to())
                    .put("logged", window.lines());
            Evaluation.putFinite(entry, "mean", window.mean());
            Evaluation.putFinite(entry, "variance", window.variance());
        }
    }

    private static ObjectNode measured(EntrantScores scores, Measure measure, int step) {
        ObjectNode node = Evaluation.json(scores.statistics(measure, step));
        if (scores.seeds() > 1) {
            double[] means = scores.ofSeeds(measure, step);
            ObjectNode seeds = interval(Interval.of(means));
            ArrayNode each = seeds.putArray("means");
            for (double mean : means) {
                if (Double.isFinite(mean)) {
                    each.add(mean);
                } else {
                    each.addNull();
                }
            }
            node.set("seeds", seeds);
        }
        return node;
    }

    private static void difference(ObjectNode node, Comparison comparison, Comparison.Pair pair) {
        node.put("entrant", pair.entrant().name()).put("minus", pair.against().name());
        ArrayNode steps = node.putArray("steps");
        for (int step = 0; step < comparison.steps(); step++) {
            ObjectNode entry = steps.addObject();
            for (Measure measure : comparison.measures()) {
                entry.set(measure.key(), paired(pair, measure, step));
            }
        }
    }

    private static ObjectNode paired(Comparison.Pair pair, Measure measure, int step) {
        PairedDifference difference = pair.entrant().minus(pair.against(), measure, step);
        ObjectNode node = interval(difference.interval());
        Evaluation.putFinite(node, "median", difference.median());
        Evaluation.putFinite(node, "wilcoxon_p", difference.wilcoxon());
        node.put("better", difference.better()).put("worse", difference.worse()).put("left_out", difference.leftOut());
        Interval seeds = pair.entrant().minusOverSeeds(pair.against(), measure, step);
        if (Double.isFinite(seeds.ci95())) {
            node.set("seeds", interval(seeds));
        }
        return node;
    }

    private static ObjectNode interval(Interval interval) {
        ObjectNode node = JSON.createObjectNode();
        Evaluation.putFinite(node, "mean", interval.mean());
        Evaluation.putFinite(node, "ci95", interval.ci95());
        return node;
    }
}
