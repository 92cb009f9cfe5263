package dev.kindling.driver.evaluation.baseline;

import dev.kindling.driver.evaluation.GroupEvaluationSettings.Baseline;
import dev.kindling.driver.evaluation.groups.QueryPredictions;
import dev.kindling.driver.evaluation.groups.QueryPredictor;
import dev.kindling.driver.evaluation.groups.QueryTask;
import dev.kindling.job.backend.CholeskySolver;
import dev.kindling.job.task.table.GroupRows;
import java.util.List;

/**
 * A ridge regression of each group alone on its support rows, with an intercept that is not penalised and a penalty of 1 on the
 * squared coefficients of the encoded features; the training mean for a group without support rows. For classes the targets are
 * their indicators, and predictions are bounded and divided by their sum.
 */
final class OwnRidgeBaseline implements QueryPredictor {
    private static final double PENALTY = 1;

    /** The least and the largest value of an indicator's prediction that is a probability. */
    private static final double LEAST = 0.01;

    private static final double MOST = 0.99;

    private final double[] mean;
    private final int classes;

    /**
     * A baseline.
     *
     * @param mean target of the training rows, or the frequencies of their classes
     */
    OwnRidgeBaseline(double[] mean) {
        this.mean = mean;
        this.classes = mean.length == 1 ? 0 : mean.length;
    }

    @Override
    public String name() {
        return Baseline.OWN_RIDGE.title();
    }

    @Override
    public boolean predictsVariances() {
        return false;
    }

    @Override
    public QueryPredictions predict(List<QueryTask> tasks) {
        QueryPredictions predictions = QueryPredictions.empty(tasks, mean.length, false);
        int at = 0;
        for (QueryTask task : tasks) {
            Fit fit =
                    task.support() == 0 ? new Fit(new double[task.rows().features()], mean, new double[0]) : fit(task);
            for (int query = 0; query < task.queries(); query++) {
                double[] outputs = fit.at(task.rows(), task.firstQuery() + query);
                for (double output : classes == 0 ? outputs : probabilities(outputs)) {
                    predictions.outputs()[at++] = (float) output;
                }
            }
        }
        return predictions;
    }

    /**
     * A linear function of features.
     *
     * @param centre mean of the features
     * @param values outputs at the centre
     * @param slopes row-major [features, outputs]; empty for a constant
     */
    private record Fit(double[] centre, double[] values, double[] slopes) {
        double[] at(GroupRows rows, int row) {
            double[] outputs = values.clone();
            for (int i = 0; i < slopes.length; i++) {
                int feature = i / outputs.length;
                outputs[i % outputs.length] += slopes[i] * (rows.feature(row, feature) - centre[feature]);
            }
            return outputs;
        }
    }

    /**
     * Fits a group. With Z the centred features, each row times the root of its weight, and R the centred targets likewise, the
     * slopes are Zᵀ (Z Zᵀ + penalty I)⁻¹ R.
     */
    private Fit fit(QueryTask task) {
        GroupRows rows = task.rows();
        int n = task.support();
        int features = rows.features();
        double[] centre = new double[features];
        double[] values = new double[mean.length];
        double weights = 0;
        for (int row = 0; row < n; row++) {
            double weight = rows.weights()[row];
            weights += weight;
            for (int i = 0; i < features; i++) {
                centre[i] += weight * rows.feature(row, i);
            }
            for (int i = 0; i < values.length; i++) {
                values[i] += weight * target(rows, row, i);
            }
        }
        divide(centre, weights);
        divide(values, weights);
        double[] z = new double[n * features];
        double[] r = new double[n * values.length];
        for (int row = 0; row < n; row++) {
            double root = Math.sqrt(rows.weights()[row]);
            for (int i = 0; i < features; i++) {
                z[row * features + i] = root * (rows.feature(row, i) - centre[i]);
            }
            for (int i = 0; i < values.length; i++) {
                r[row * values.length + i] = root * (target(rows, row, i) - values[i]);
            }
        }
        CholeskySolver solver = new CholeskySolver(n);
        solver.factorise(products(z, n, features));
        solver.solve(r, values.length);
        double[] slopes = new double[features * values.length];
        for (int row = 0; row < n; row++) {
            for (int i = 0; i < features; i++) {
                for (int j = 0; j < values.length; j++) {
                    slopes[i * values.length + j] += z[row * features + i] * r[row * values.length + j];
                }
            }
        }
        return new Fit(centre, values, slopes);
    }

    private double target(GroupRows rows, int row, int output) {
        double y = rows.y()[row];
        if (classes == 0) {
            return y;
        }
        return (int) y == output ? 1 : 0;
    }

    private static void divide(double[] sums, double weights) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] /= weights;
        }
    }

    /** Z Zᵀ + penalty I. */
    private static double[] products(double[] z, int n, int features) {
        double[] products = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double sum = i == j ? PENALTY : 0;
                for (int k = 0; k < features; k++) {
                    sum += z[i * features + k] * z[j * features + k];
                }
                products[i * n + j] = sum;
            }
        }
        return products;
    }

    private static double[] probabilities(double[] outputs) {
        double[] probabilities = new double[outputs.length];
        double sum = 0;
        for (int i = 0; i < outputs.length; i++) {
            probabilities[i] = Math.max(LEAST, Math.min(MOST, outputs[i]));
            sum += probabilities[i];
        }
        divide(probabilities, sum);
        return probabilities;
    }
}
