package dev.kindling.driver.bench;

import java.util.List;
import java.util.Locale;
import org.apache.commons.math3.stat.regression.OLSMultipleLinearRegression;

/**
 * A linear cost model of a round's wall time: a fixed cost, a cost per executor, a cost per byte through the driver, and the
 * computing time of the busiest executor.
 *
 * <pre>
 * T = fixed + perExecutor · n + perByte · (bytes out + bytes in) + compute(tasks / min(n, cores))
 * </pre>
 *
 * <p>The computing time is measured and not fitted; the other three are fitted to the remaining time by least squares of
 * relative errors, so that rounds of a millisecond have the same weight as rounds of a second.
 *
 * @param fixed seconds
 * @param perExecutor seconds
 * @param perByte seconds; encoding, the loopback and decoding share the measuring machine's cores
 */
record CostModel(double fixed, double perExecutor, double perByte) {
    private static final double SMALLEST = 1e-12;

    /** The model that fits the points best. */
    static CostModel fit(List<ScalePoint> points) {
        double[] rest = new double[points.size()];
        double[][] factors = new double[points.size()][];
        for (int i = 0; i < rest.length; i++) {
            ScalePoint point = points.get(i);
            double weight = 1 / point.seconds();
            rest[i] = weight * Math.max(0, point.seconds() - point.compute());
            factors[i] = new double[] {weight, weight * point.executors(), weight * (point.out() + point.in())};
        }
        OLSMultipleLinearRegression regression = new OLSMultipleLinearRegression();
        regression.setNoIntercept(true);
        regression.newSampleData(rest, factors);
        double[] found = regression.estimateRegressionParameters();
        return new CostModel(Math.max(SMALLEST, found[0]), Math.max(SMALLEST, found[1]), Math.max(SMALLEST, found[2]));
    }

    /** Predicted seconds of a measured round. */
    double seconds(ScalePoint point) {
        return seconds(point.executors(), point.out() + point.in(), point.compute());
    }

    /** Predicted seconds of a round. */
    double seconds(int executors, double bytes, double compute) {
        return fixed + perExecutor * executors + perByte * bytes + compute;
    }

    /** The relative error of the model at a point: 0.1 if it is a tenth too long or too short. */
    double error(ScalePoint point) {
        return Math.abs(seconds(point) / point.seconds() - 1);
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "T = %.3f ms + %.3f ms · n + %.3f ms · MB through the driver + computing",
                1e3 * fixed,
                1e3 * perExecutor,
                1e9 * perByte);
    }
}
