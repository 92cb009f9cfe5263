package dev.kindling.driver.serving;

import dev.kindling.driver.storage.Tensors;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** A task that a model has adapted to: its support set, and the parameters that the method adapted, if it adapts any. */
public final class AdaptedTask {
    private final Predictor predictor;
    private final EpisodeLayout layout;
    private final double[] x;
    private final double[] y;
    private final double[] weights;
    private final Optional<Adapted> adapted;

    /** Adapted parameters: one vector, and the names and shapes of its arrays. */
    record Adapted(Layout layout, FlatVector values) {}

    /**
     * An adapted task.
     *
     * @param weights of the support set; empty if the model's episodes have none
     */
    AdaptedTask(
            Predictor predictor,
            EpisodeLayout layout,
            double[] x,
            double[] y,
            double[] weights,
            Optional<Adapted> adapted) {
        this.predictor = predictor;
        this.layout = layout;
        this.x = x;
        this.y = y;
        this.weights = weights;
        this.adapted = adapted;
    }

    /**
     * The outputs of the network for queries.
     *
     * @param queries inputs, row-major [queries, ...features]
     * @return row-major [queries, outputs]
     * @throws IllegalArgumentException if the length is no multiple of an input's size
     */
    public double[] predict(double[] queries) {
        return predictWithVariances(queries).outputs();
    }

    /** The outputs for queries, as {@link #predict}, with the variances of their targets. */
    public Prediction predictWithVariances(double[] queries) {
        return predictor.predict(this, queries);
    }

    /**
     * The probability of each class for each query: the softmax of the outputs.
     *
     * @param queries inputs, row-major [queries, ...features]
     * @return row-major [queries, classes]
     */
    public double[] probabilities(double[] queries) {
        return predictWithVariances(queries).probabilities(layout.outputs());
    }

    /**
     * The class of the largest number of each row; of equal ones the first.
     *
     * @param numbers outputs or probabilities, row-major [queries, classes]
     */
    public static int[] mostProbable(double[] numbers, int classes) {
        int[] best = new int[numbers.length / classes];
        for (int query = 0; query < best.length; query++) {
            for (int i = 1; i < classes; i++) {
                best[query] = numbers[query * classes + i] > numbers[query * classes + best[query]] ? i : best[query];
            }
        }
        return best;
    }

    /** The adapted parameters by name; empty for a method that predicts from the support set itself. */
    public Optional<Tensors> parameters() {
        return adapted.map(found -> Tensors.of("adapted parameters", found.layout(), found.values()));
    }

    /** The number of rows of the support set; of an empty one the row of weight 0 that stands for it. */
    public int supportSize() {
        return layout.support();
    }

    /** The support set by the names of an episode's arrays, row-major. */
    public Map<String, double[]> supportArrays() {
        Map<String, double[]> arrays = new LinkedHashMap<>();
        arrays.put(EpisodeLayout.SUPPORT_X, x.clone());
        arrays.put(EpisodeLayout.SUPPORT_Y, y.clone());
        if (layout.weighted()) {
            arrays.put(EpisodeLayout.SUPPORT_WEIGHTS, weights.clone());
        }
        return arrays;
    }

    EpisodeLayout layout() {
        return layout;
    }

    double[] x() {
        return x;
    }

    double[] y() {
        return y;
    }

    double[] weights() {
        return weights;
    }

    Optional<FlatVector> adapted() {
        return adapted.map(Adapted::values);
    }
}
