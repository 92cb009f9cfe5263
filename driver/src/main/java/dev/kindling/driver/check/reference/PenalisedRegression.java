package dev.kindling.driver.check.reference;

import java.util.Arrays;

/**
 * Weighted linear and logistic regression with penalty 1 on the squared norm of the coefficients, by normal equations.
 *
 * @param x inputs, in rows
 * @param weights of the rows
 */
record PenalisedRegression(double[][] x, double[] weights) {
    private static final int NEWTON_STEPS = 6;
    private static final double SMALLEST_CURVATURE = 1e-4;

    /** The coefficients [width][outputs] for targets in rows. */
    double[][] linear(double[][] targets) {
        return LinearSystem.solve(information(weights), crossed(weights, targets));
    }

    /**
     * The coefficients of logits prior + x·a for labels 0 and 1, after six Newton steps from 0.
     *
     * @return [width][1]
     */
    double[][] logistic(double[] labels, double[] prior) {
        double[][] a = new double[x[0].length][1];
        for (int step = 0; step < NEWTON_STEPS; step++) {
            double[] precision = curvature(prior, a);
            double[][] target = new double[x.length][1];
            for (int i = 0; i < x.length; i++) {
                double gradient = weights[i] * (labels[i] - probability(prior, a, i));
                target[i][0] = precision[i] * dot(x[i], a) + gradient;
            }
            double[] ones = new double[x.length];
            Arrays.fill(ones, 1);
            a = LinearSystem.solve(information(precision), crossed(ones, target));
        }
        return a;
    }

    /** The curvature of the logistic loss of each row, times its weight. */
    double[] curvature(double[] prior, double[][] a) {
        double[] curvature = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            double p = probability(prior, a, i);
            curvature[i] = weights[i] * Math.max(p * (1 - p), SMALLEST_CURVATURE);
        }
        return curvature;
    }

    /** zᵀ (I + xᵀ P x)⁻¹ z for each row z and the precisions P of the rows of x. */
    double[] variance(double[] precision, double[][] rows) {
        double[][] transposed = new double[rows[0].length][rows.length];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < rows[i].length; j++) {
                transposed[j][i] = rows[i][j];
            }
        }
        double[][] solved = LinearSystem.solve(information(precision), transposed);
        double[] variance = new double[rows.length];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < solved.length; j++) {
                variance[i] += rows[i][j] * solved[j][i];
            }
        }
        return variance;
    }

    /** Rows times coefficients. */
    static double[][] product(double[][] rows, double[][] coefficients) {
        double[][] product = new double[rows.length][coefficients[0].length];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < coefficients.length; j++) {
                for (int k = 0; k < product[i].length; k++) {
                    product[i][k] += rows[i][j] * coefficients[j][k];
                }
            }
        }
        return product;
    }

    private double probability(double[] prior, double[][] a, int row) {
        return 1 / (1 + StrictMath.exp(-prior[row] - dot(x[row], a)));
    }

    private static double dot(double[] row, double[][] a) {
        double sum = 0;
        for (int j = 0; j < row.length; j++) {
            sum += row[j] * a[j][0];
        }
        return sum;
    }

    private double[][] information(double[] precision) {
        int width = x[0].length;
        double[][] information = crossed(precision, x);
        for (int j = 0; j < width; j++) {
            information[j][j] += 1;
        }
        return information;
    }

    /** xᵀ P targets. */
    private double[][] crossed(double[] precision, double[][] targets) {
        double[][] crossed = new double[x[0].length][targets[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < crossed.length; j++) {
                for (int k = 0; k < crossed[j].length; k++) {
                    crossed[j][k] += precision[i] * x[i][j] * targets[i][k];
                }
            }
        }
        return crossed;
    }
}
