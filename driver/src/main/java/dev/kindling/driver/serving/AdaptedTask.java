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
    private final Optional<FlatVector> adapted;

    AdaptedTask(Predictor predictor, EpisodeLayout layout, double[] x, double[] y, Optional<FlatVector> adapted) {
        this.predictor = predictor;
        this.layout = layout;
        this.x = x;
        this.y = y;
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

    Optional<FlatVector> adapted() {
        return adapted;
    }
}
