package dev.kindling;

import dev.kindling.driver.serving.AdaptedTask;
import dev.kindling.driver.serving.Predictor;

/** A model that has adapted to one task. Immutable and thread-safe; needs no Spark. */
public final class AdaptedModel {
    private final TrainedModel model;
    private final Predictor predictor;
    private final AdaptedTask task;

    AdaptedModel(TrainedModel model, Predictor predictor, AdaptedTask task) {
        this.model = model;
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
        int[] classes = AdaptedTask.mostProbable(outputs, predictor.outputs());
        float[] predicted = new float[classes.length];
        for (int query = 0; query < predicted.length; query++) {
            predicted[query] = classes[query];
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
        return floats(task.probabilities(doubles(queryX)));
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

    /**
     * Writes the prediction of this task as an ONNX model in single precision, which takes queries in any number: the network with its
     * adapted parameters, or for a method that adapts none its prediction with the support set as constants.
     *
     * @param place a new file on any Hadoop file system
     * @throws IllegalArgumentException if the file exists, or ONNX cannot express the method's prediction
     */
    public void exportOnnx(String place) {
        TrainedModel.write(place, model.onnx(predictor).ofTask(task));
    }

    static double[] doubles(float[] numbers) {
        double[] doubles = new double[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            doubles[i] = numbers[i];
        }
        return doubles;
    }

    static float[] floats(double[] numbers) {
        float[] floats = new float[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            floats[i] = (float) numbers[i];
        }
        return floats;
    }
}
