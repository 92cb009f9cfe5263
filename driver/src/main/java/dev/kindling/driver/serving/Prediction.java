package dev.kindling.driver.serving;

import java.util.Optional;

/**
 * Predictions for queries.
 *
 * @param outputs of the network, row-major [queries, outputs]
 * @param variances of each query's target, noise included, [queries]; empty if the method does not predict any
 */
public record Prediction(double[] outputs, Optional<double[]> variances) {}
