package dev.kindling.driver.check.reference;

import java.util.Arrays;

/** Sums the features of the support points [x, y] of a regression task, each computed by the same relu layers. */
final class PointSets {
    private PointSets() {}

    /** The weighted sum of the features over the support set. */
    static double[] sum(NamedArrays theta, String prefix, int layers, Examples support, Sides sides) {
        double[][] xs = support.rows();
        double[][] ys = support.targets();
        double[] sum = null;
        for (int i = 0; i < xs.length; i++) {
            double[] point = Arrays.copyOf(xs[i], xs[i].length + ys[i].length);
            System.arraycopy(ys[i], 0, point, xs[i].length, ys[i].length);
            double[] features = Perceptron.relu(Perceptron.output(theta, prefix, 0, layers, point, sides), sides);
            sum = sum == null ? new double[features.length] : sum;
            for (int j = 0; j < sum.length; j++) {
                sum[j] += support.weight(i) * features[j];
            }
        }
        if (sum == null) {
            throw new IllegalStateException("a support set without points");
        }
        return sum;
    }
}
