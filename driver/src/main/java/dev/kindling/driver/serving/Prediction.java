package dev.kindling.driver.serving;

import java.util.Optional;

/**
 * Predictions for queries.
 *
 * @param outputs of the network, row-major [queries, outputs]
 * @param variances of each query's target, noise included, [queries]; empty if the method does not predict any
 */
public record Prediction(double[] outputs, Optional<double[]> variances) {
    /**
     * The probability of each class for each query: the softmax of the outputs.
     *
     * @return row-major [queries, classes]
     */
    public double[] probabilities(int classes) {
        double[] probabilities = outputs.clone();
        for (int from = 0; from < probabilities.length; from += classes) {
            softmax(probabilities, from, from + classes);
        }
        return probabilities;
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
}
