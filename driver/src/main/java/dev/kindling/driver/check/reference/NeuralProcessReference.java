package dev.kindling.driver.check.reference;

import java.util.Arrays;

/**
 * The reference of conditional neural processes (Garnelo and others, ICML 2018, equations 1 to 3): r is the mean of h([x, y])
 * over the support set, and the prediction is g([x, r]). h has three layers with relu after each, g has five layers.
 */
final class NeuralProcessReference extends ForwardReference {
    private static final String PREFIX = "cnp.";
    private static final int ENCODER = 3;
    private static final int DECODER = 5;

    NeuralProcessReference(TaskContext task) {
        super(task);
    }

    @Override
    Prediction predict(NamedArrays theta, Sides sides) {
        Examples support = task().support();
        double[] r = PointSets.sum(theta, PREFIX, ENCODER, support, sides);
        for (int i = 0; i < r.length; i++) {
            r[i] /= support.totalWeight();
        }
        return new Prediction(
                decoded(theta, support.rows(), r, sides),
                decoded(theta, task().query().rows(), r, sides),
                NamedArrays.empty());
    }

    private static double[][] decoded(NamedArrays theta, double[][] xs, double[] r, Sides sides) {
        double[][] outputs = new double[xs.length][];
        for (int i = 0; i < xs.length; i++) {
            double[] input = Arrays.copyOf(xs[i], xs[i].length + r.length);
            System.arraycopy(r, 0, input, xs[i].length, r.length);
            outputs[i] = Perceptron.output(theta, PREFIX, ENCODER, ENCODER + DECODER, input, sides);
        }
        return outputs;
    }

    @Override
    double loss(double[][] outputs, Examples examples) {
        return meanSquaredError(outputs, examples);
    }
}
