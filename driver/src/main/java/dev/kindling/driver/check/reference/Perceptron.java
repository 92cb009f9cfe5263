package dev.kindling.driver.check.reference;

import java.util.Arrays;

/** Fully connected layers as plain loops, with relu between the layers and none after the last. */
final class Perceptron {
    private Perceptron() {}

    /**
     * The output for one input.
     *
     * @param prefix of the arrays' names, before the index of the layer
     * @param from index of the first layer
     * @param to index after the last layer
     * @param sides of the rectifiers
     */
    static double[] output(NamedArrays theta, String prefix, int from, int to, double[] x, Sides sides) {
        double[] out = x;
        for (int layer = from; layer < to; layer++) {
            out = dense(theta.get(prefix + layer + "_W"), theta.get(prefix + layer + "_b"), out);
            if (layer < to - 1) {
                out = relu(out, sides);
            }
        }
        return out;
    }

    static double[] relu(double[] x, Sides sides) {
        double[] positive =
                sides.of(Arrays.stream(x).map(number -> number > 0 ? 1 : 0).toArray());
        double[] out = new double[x.length];
        Arrays.setAll(out, i -> positive[i] == 0 ? 0 : x[i]);
        return out;
    }

    private static double[] dense(double[] weights, double[] bias, double[] x) {
        double[] out = bias.clone();
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < out.length; j++) {
                out[j] += x[i] * weights[i * out.length + j];
            }
        }
        return out;
    }
}
