package dev.kindling.driver.evaluation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Writer of the section {@code groups} of {@code evaluation.json} and {@code compare.json}; values that are not finite are null. */
final class GroupEvaluationJson {
    /** The most groups in the list of the worst ones. */
    private static final int WORST = 20;

    private GroupEvaluationJson() {}

    static ObjectNode of(GroupEvaluation evaluation) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.set("protocol", protocol(evaluation.protocol()));
        node.put("measure", evaluation.shown().key());
        ArrayNode predictors = node.putArray("predictors");
        evaluation.models().forEach(scores -> predictor(predictors.addObject(), "model", scores, evaluation));
        evaluation.baselines().forEach(scores -> predictor(predictors.addObject(), "baseline", scores, evaluation));
        ArrayNode differences = node.putArray("differences");
        evaluation.pairs().forEach(pair -> difference(differences.addObject(), pair, evaluation));
        calibration(node.putObject("calibration"), evaluation.calibration());
        worst(node.putArray("worst"), evaluation);
        evaluation.notes().forEach(node.putArray("notes")::add);
        return node;
    }

    private static ObjectNode protocol(GroupProtocol protocol) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("split", protocol.split())
                .put("groups", protocol.groups())
                .put("shorter_groups", protocol.shorter())
                .put("query_rows", protocol.queries());
        ArrayNode support = node.putArray("support_rows");
        protocol.supportRows().forEach(support::add);
        ArrayNode classes = node.putArray("classes");
        protocol.classes().forEach(classes::add);
        return node.put("training_groups", protocol.trainingGroups()).put("seed", protocol.seed());
    }

    private static void predictor(ObjectNode node, String kind, GroupScores scores, GroupEvaluation evaluation) {
        node.put("name", scores.name()).put("kind", kind);
        ArrayNode curve = node.putArray("curve");
        List<Integer> support = evaluation.protocol().supportRows();
        for (int k = 0; k < support.size(); k++) {
            ObjectNode entry = curve.addObject().put("support_rows", support.get(k));
            ObjectNode rows = entry.putObject("rows");
            ObjectNode groups = entry.putObject("groups");
            for (GroupMeasure measure : scores.measures()) {
                Evaluation.putFinite(rows, measure.key(), scores.overRows(measure, k));
                if (measure != GroupMeasure.CALIBRATION_ERROR) {
                    interval(groups.putObject(measure.key()), scores.overGroups(measure, k));
                }
            }
        }
    }

    private static void interval(ObjectNode node, Interval interval) {
        Evaluation.putFinite(node, "mean", interval.mean());
        Evaluation.putFinite(node, "ci95", interval.ci95());
    }

    private static void difference(ObjectNode node, GroupEvaluation.Pair pair, GroupEvaluation evaluation) {
        node.put("predictor", pair.predictor().name())
                .put("minus", pair.against().name());
        ArrayNode curve = node.putArray("curve");
        List<Integer> support = evaluation.protocol().supportRows();
        for (int k = 0; k < support.size(); k++) {
            ObjectNode entry = curve.addObject().put("support_rows", support.get(k));
            for (GroupMeasure measure : evaluation.compared(pair)) {
                PairedDifference difference = pair.predictor().minus(pair.against(), measure, k);
                ObjectNode values = entry.putObject(measure.key());
                interval(values, difference.interval());
                Evaluation.putFinite(values, "median", difference.median());
                Evaluation.putFinite(values, "wilcoxon_p", difference.wilcoxon());
                values.put("better", difference.better())
                        .put("worse", difference.worse())
                        .put("left_out", difference.leftOut());
            }
        }
    }

    private static void calibration(ObjectNode node, Calibration calibration) {
        node.put("kind", calibration.kind() == Calibration.Kind.RELIABILITY ? "reliability" : "residuals");
        ArrayNode bins = node.putArray("bins");
        for (Calibration.Bin bin : calibration.bins()) {
            ObjectNode entry =
                    bins.addObject().put("from", bin.from()).put("to", bin.to()).put("fraction", bin.fraction());
            Evaluation.putFinite(entry, "expected", bin.expected());
            Evaluation.putFinite(entry, "observed", bin.observed());
        }
    }

    private static void worst(ArrayNode node, GroupEvaluation evaluation) {
        int last = evaluation.protocol().supportRows().size() - 1;
        List<GroupScores> predictors = evaluation.predictors();
        List<double[]> scores = predictors.stream()
                .map(each -> each.ofGroups(evaluation.shown(), last))
                .toList();
        for (int group : evaluation.worst(WORST)) {
            GroupEvaluation.EvaluatedGroup found = evaluation.groups().get(group);
            ObjectNode entry = node.addObject()
                    .put("group", found.key())
                    .put("rows", found.rows())
                    .put("queries", found.queries());
            ObjectNode values = entry.putObject(evaluation.shown().key());
            for (int i = 0; i < scores.size(); i++) {
                Evaluation.putFinite(values, predictors.get(i).name(), scores.get(i)[group]);
            }
        }
    }
}
