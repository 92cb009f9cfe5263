package dev.kindling.job.algorithm;

import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/** Fully connected layers implemented as loops over their definition. */
final class Perceptrons {
    static final DoubleUnaryOperator RELU = v -> v > 0 ? v : 0;
    static final DoubleUnaryOperator IDENTITY = v -> v;

    private Perceptrons() {}

    /** activation(x W + b) of one example. */
    static double[] layer(double[] x, double[] weights, double[] bias, DoubleUnaryOperator activation) {
        double[] out = new double[bias.length];
        for (int j = 0; j < out.length; j++) {
            double sum = bias[j];
            for (int i = 0; i < x.length; i++) {
                sum += x[i] * weights[i * out.length + j];
            }
            out[j] = activation.applyAsDouble(sum);
        }
        return out;
    }

    /** Layers {@code from} up to {@code to} exclusively, each followed by relu, except the last, which has the given activation. */
    static double[] layers(
            Map<String, double[]> theta, String prefix, int from, int to, double[] x, DoubleUnaryOperator last) {
        double[] out = x;
        for (int i = from; i < to; i++) {
            out = layer(out, theta.get(prefix + i + "_W"), theta.get(prefix + i + "_b"), i == to - 1 ? last : RELU);
        }
        return out;
    }
}
