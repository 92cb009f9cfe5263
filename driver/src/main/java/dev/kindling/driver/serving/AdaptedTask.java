package dev.kindling.driver.serving;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import java.util.Optional;

/** A task that a model has adapted to: its support set, and the parameters that the method adapted, if it adapts any. */
public final class AdaptedTask {
    private final Predictor predictor;
    private final EpisodeLayout layout;
    private final double[] x;
    private final double[] y;
    private final double[] weights;
    private final Optional<FlatVector> adapted;

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
            Optional<FlatVector> adapted) {
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
        return adapted;
    }
}
