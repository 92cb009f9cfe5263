package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import java.util.LinkedHashMap;
import java.util.Map;

/** Computes the outputs of evaluation programs for a batch. */
final class EvaluationOutputs {
    private EvaluationOutputs() {}

    /** {@code loss} and, for classification, {@code accuracy} of outputs [examples, outputs]. */
    static Map<String, Value> of(ProgramBuilder b, Model model, Value output, Batch batch) {
        Map<String, Value> scores = new LinkedHashMap<>();
        scores.put("loss", model.loss(b, output, batch.targets()));
        model.accuracy(b, output, batch.targets()).ifPresent(accuracy -> scores.put("accuracy", accuracy));
        return scores;
    }
}
