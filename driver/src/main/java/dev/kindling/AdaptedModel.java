package dev.kindling;

import dev.kindling.driver.serving.AdaptedTask;
import dev.kindling.driver.serving.Predictor;

/** A model that has adapted to one task. Immutable and thread-safe; needs no Spark. */
public final class AdaptedModel {
    private final Predictor predictor;
    private final AdaptedTask task;

    AdaptedModel(Predictor predictor, AdaptedTask task) {
        this.predictor = predictor;
        this.task = task;
    }

    /**
     * Predictions for queries: targets row-major [queries, outputs], or the most probable class of each query [queries].
     *
     * <p>Where batch norm uses the statistics of queries ({@code model.batch-norm = query} or {@code support-and-query}) the
     * predictions for one query depend on the others of the same call.
     *
     * @param queryX inputs, row-major [queries, ...features]
     * @throws IllegalArgumentException if the length is no positive multiple of an input's size
     */
    public float[] predict(float[] queryX) {
        double[] outputs = task.predict(doubles(queryX));
        if (!predictor.classification()) {
            return floats(outputs);
        }
        int classes = predictor.outputs();
        float[] predicted = new float[outputs.length / classes];
        for (int query = 0; query < predicted.length; query++) {
            int best = 0;
            for (int i = 1; i < classes; i++) {
                best = outputs[query * classes + i] > outputs[query * classes + best] ? i : best;
            }
            predicted[query] = best;
        }
        return predicted;
    }

    /**
     * The probability of each class for each query, row-major [queries, classes].
     *
     * @throws IllegalStateException if the model has no classes
     */
    public float[] probabilities(float[] queryX) {
        if (!predictor.classification()) {
            throw new IllegalStateException("the model predicts targets; only classes have probabilities");
        }
        double[] outputs = task.predict(doubles(queryX));
        int classes = predictor.outputs();
        for (int from = 0; from < outputs.length; from += classes) {
            softmax(outputs, from, from + classes);
        }
        return floats(outputs);
    }

    /**
     * The standard deviation of each query's target, noise included, [queries].
     *
     * @throws IllegalStateException if the method does not predict variances
     */
    public float[] standardDeviations(float[] queryX) {
        double[] variances = task.predictWithVariances(doubles(queryX))
                .variances()
                .orElseThrow(() -> new IllegalStateException(
                        "the method of this model predicts no variances; bayesian-linear does, for regression"));
        for (int i = 0; i < variances.length; i++) {
            variances[i] = Math.sqrt(variances[i]);
        }
        return floats(variances);
    }

    private static void softmax(double[] numbers, int from, int end) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = from; i < end; i++) {
            largest = Math.max(largest, numbers[i]);
        }
        double sum = 0;
        for (int i = from; i < end; i++) {
            numbers[i] = StrictMath.exp(numbers[i] - largest);
            sum += numbers[i];
        }
        for (int i = from; i < end; i++) {
            numbers[i] /= sum;
        }
    }

    static double[] doubles(float[] numbers) {
        double[] doubles = new double[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            doubles[i] = numbers[i];
        }
        return doubles;
    }

    private static float[] floats(double[] numbers) {
        float[] floats = new float[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            floats[i] = (float) numbers[i];
        }
        return floats;
    }
}
