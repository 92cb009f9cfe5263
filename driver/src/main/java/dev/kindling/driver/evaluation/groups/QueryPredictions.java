package dev.kindling.driver.evaluation.groups;

import java.util.List;

/**
 * Predictions for query rows.
 *
 * @param outputs means of encoded targets, [queries], or probabilities of classes, row-major [queries, classes]
 * @param variances of encoded targets, noise included, [queries]; of length 0 without variances
 */
public record QueryPredictions(float[] outputs, float[] variances) {
    /**
     * Predictions that are filled in later.
     *
     * @param outputs numbers of outputs of a row
     */
    public static QueryPredictions empty(List<QueryTask> tasks, int outputs, boolean variances) {
        int queries = tasks.stream().mapToInt(QueryTask::queries).sum();
        return new QueryPredictions(new float[queries * outputs], new float[variances ? queries : 0]);
    }
}
