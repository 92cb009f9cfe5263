package dev.kindling.driver.evaluation.baseline;

import dev.kindling.driver.evaluation.GroupEvaluationSettings.Baseline;
import dev.kindling.driver.evaluation.groups.QueryPredictions;
import dev.kindling.driver.evaluation.groups.QueryPredictor;
import dev.kindling.driver.evaluation.groups.QueryTask;
import dev.kindling.job.algorithm.MixedModel;
import dev.kindling.job.backend.CholeskySolver;
import dev.kindling.job.task.table.GroupRows;
import java.util.List;

/**
 * A linear mixed model with a random intercept and random slopes on all features: y = x·β + x·u + e, x with a leading 1, u ~
 * N(0, D) for each group and e ~ N(0, s² / w) for a row of weight w, fitted to training groups by expectation maximisation. A
 * prediction is the conditional mean of y given the support rows (the best linear unbiased prediction), with its variance.
 *
 * <p>For two classes the same model gives the logit of the second one. It is fitted to the classes 0 and 1 as numbers; β and the
 * roots of D are divided by m (1 - m), the derivative of the logistic function at the training mean m, and the intercept is the
 * logit of m. The posterior of a group's logits is the Laplace approximation, found by Newton steps (Rasmussen and Williams,
 * Gaussian Processes for Machine Learning, 2006, algorithms 3.1 and 3.2); a probability is that of the logit divided by √(1 + π/8
 * variance) (MacKay 1992).
 */
final class MixedModelBaseline implements QueryPredictor {
    /** The most classes of a label. */
    static final int MOST_CLASSES = 2;

    /** The most rows of a group to which the model is fitted: the first ones, in a group's order. */
    private static final int MOST_ROWS = 32;

    /** The most groups times squared columns, and the least groups for it: the fit takes a few seconds. */
    private static final double MOST_WORK = 4e6;

    private static final int LEAST_GROUPS = 100;

    /** Iterations, and those of a large problem. */
    private static final int ROUNDS = 100;

    private static final int FEWER_ROUNDS = 30;
    private static final double LARGE = 2e5;

    /** The least frequency of either class that the logit of the mean supposes. */
    private static final double LEAST_MEAN = 0.01;

    private static final int NEWTON_STEPS = 30;
    private static final double NEWTON_TOLERANCE = 1e-10;

    private final boolean logistic;
    private final double[] coefficients;
    private final double[] covariance;
    private final double noise;

    MixedModelBaseline(BaselineParameters.MixedEffects fitted) {
        this.logistic = fitted.logistic();
        this.coefficients = fitted.coefficients();
        this.covariance = fitted.covariance();
        this.noise = fitted.noise();
    }

    /** Fits the model to regression targets or to two classes. */
    static BaselineParameters.MixedEffects fit(TrainingGroups training) {
        boolean logistic = training.classes() > 0;
        double mean = logistic ? Math.max(LEAST_MEAN, Math.min(1 - LEAST_MEAN, training.mean()[1])) : 0;
        int columns = training.features() + 1;
        int most = (int) Math.max(LEAST_GROUPS, MOST_WORK / ((double) columns * columns));
        List<MixedModel.Group> groups = training.groups().stream()
                .limit(most)
                .map(group -> weighted(group, columns, mean))
                .toList();
        boolean large = (double) groups.size() * columns * columns > LARGE;
        MixedModel fitted = MixedModel.fit(groups, large ? FEWER_ROUNDS : ROUNDS);
        double[] coefficients = fitted.coefficients().clone();
        double[] covariance = fitted.covariance().clone();
        if (logistic) {
            double slope = mean * (1 - mean);
            scale(coefficients, 1 / slope);
            scale(covariance, 1 / (slope * slope));
            coefficients[0] += StrictMath.log(mean / (1 - mean));
        }
        return new BaselineParameters.MixedEffects(logistic, coefficients, covariance, fitted.noise());
    }

    /** The first rows of a group, each times the root of its weight. */
    private static MixedModel.Group weighted(GroupRows group, int columns, double mean) {
        int rows = Math.min(group.size(), MOST_ROWS);
        double[] x = new double[rows * columns];
        double[] y = new double[rows];
        for (int row = 0; row < rows; row++) {
            double root = Math.sqrt(group.weights()[row]);
            for (int i = 0; i < columns; i++) {
                x[row * columns + i] = root * column(group, row, i);
            }
            y[row] = root * (group.y()[row] - mean);
        }
        return new MixedModel.Group(x, y);
    }

    private static void scale(double[] numbers, double factor) {
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] *= factor;
        }
    }

    /** The constant, then the features. */
    private static double column(GroupRows group, int row, int column) {
        return column == 0 ? 1 : group.feature(row, column - 1);
    }

    @Override
    public String name() {
        return Baseline.MIXED_MODEL.title();
    }

    @Override
    public boolean predictsVariances() {
        return !logistic;
    }

    @Override
    public QueryPredictions predict(List<QueryTask> tasks) {
        QueryPredictions predictions = QueryPredictions.empty(tasks, logistic ? MOST_CLASSES : 1, !logistic);
        int at = 0;
        for (QueryTask task : tasks) {
            Effects effects = new Effects(task);
            Posterior posterior = logistic ? effects.ofClasses() : effects.ofValues();
            for (int query = 0; query < task.queries(); query++) {
                double mean = effects.priorMean(task.firstQuery() + query);
                double variance = effects.priorVariance(task.firstQuery() + query);
                for (int row = 0; row < task.support(); row++) {
                    mean += effects.cross(row, query) * posterior.weights()[row];
                    variance -= effects.cross(row, query) * posterior.solved()[row * task.queries() + query];
                }
                double bounded = Math.max(0, variance);
                if (logistic) {
                    double logit = mean / Math.sqrt(1 + Math.PI / 8 * bounded);
                    double second = 1 / (1 + StrictMath.exp(-logit));
                    predictions.outputs()[2 * at] = (float) (1 - second);
                    predictions.outputs()[2 * at + 1] = (float) second;
                } else {
                    predictions.outputs()[at] = (float) mean;
                    predictions.variances()[at] = (float) (bounded + noise);
                }
                at++;
            }
        }
        return predictions;
    }

    /**
     * The posterior of a group's effects.
     *
     * @param weights a with which the mean at a query is its prior mean + k·a, k its covariances with the support rows
     * @param solved S k for each query, row-major [support rows, queries], with which the variance is the prior one - k·S k
     */
    private record Posterior(double[] weights, double[] solved) {}

    /** The random effects of a group at its support rows and queries. */
    private final class Effects {
        private final QueryTask task;
        /** X D of the support rows, row-major [support rows, columns]. */
        private final double[] projected;
        /** The prior covariances X D Xᵀ of the support rows. */
        private final double[] covariances;
        /** The prior covariances of support rows and queries, row-major [support rows, queries]. */
        private final double[] cross;

        Effects(QueryTask task) {
            this.task = task;
            int n = task.support();
            int columns = coefficients.length;
            this.projected = new double[n * columns];
            for (int row = 0; row < n; row++) {
                for (int i = 0; i < columns; i++) {
                    double x = column(task.rows(), row, i);
                    for (int j = 0; j < columns; j++) {
                        projected[row * columns + j] += x * covariance[i * columns + j];
                    }
                }
            }
            this.covariances = products(0, n);
            this.cross = products(task.firstQuery(), task.queries());
        }

        /** X D times the transposed rows from {@code first} on, row-major [support rows, count]. */
        private double[] products(int first, int count) {
            double[] products = new double[task.support() * count];
            for (int row = 0; row < task.support(); row++) {
                for (int other = 0; other < count; other++) {
                    double sum = 0;
                    for (int i = 0; i < coefficients.length; i++) {
                        sum += projected[row * coefficients.length + i] * column(task.rows(), first + other, i);
                    }
                    products[row * count + other] = sum;
                }
            }
            return products;
        }

        double priorMean(int row) {
            double sum = 0;
            for (int i = 0; i < coefficients.length; i++) {
                sum += coefficients[i] * column(task.rows(), row, i);
            }
            return sum;
        }

        double priorVariance(int row) {
            double sum = 0;
            for (int i = 0; i < coefficients.length; i++) {
                double x = column(task.rows(), row, i);
                for (int j = 0; j < coefficients.length; j++) {
                    sum += x * covariance[i * coefficients.length + j] * column(task.rows(), row, j);
                }
            }
            return sum;
        }

        double cross(int row, int query) {
            return cross[row * task.queries() + query];
        }

        Posterior ofValues() {
            int n = task.support();
            double[] total = covariances.clone();
            double[] weights = new double[n];
            for (int row = 0; row < n; row++) {
                total[row * n + row] += noise / task.rows().weights()[row];
                weights[row] = task.rows().y()[row] - priorMean(row);
            }
            CholeskySolver solver = new CholeskySolver(n);
            solver.factorise(total);
            solver.solve(weights, 1);
            double[] solved = cross.clone();
            solver.solve(solved, task.queries());
            return new Posterior(weights, solved);
        }

        /** Newton steps for the mode of the logits; with W the curvatures of the rows, S = √W (I + √W K √W)⁻¹ √W. */
        Posterior ofClasses() {
            int n = task.support();
            double[] prior = new double[n];
            double[] logits = new double[n];
            for (int row = 0; row < n; row++) {
                prior[row] = priorMean(row);
                logits[row] = prior[row];
            }
            double[] roots = new double[n];
            double[] weights = new double[n];
            CholeskySolver solver = new CholeskySolver(n);
            double change = Double.POSITIVE_INFINITY;
            for (int step = 0; step < NEWTON_STEPS && change > NEWTON_TOLERANCE && n > 0; step++) {
                double[] b = new double[n];
                for (int row = 0; row < n; row++) {
                    double probability = 1 / (1 + StrictMath.exp(-logits[row]));
                    double weight = task.rows().weights()[row];
                    double curvature = weight * probability * (1 - probability);
                    roots[row] = Math.sqrt(curvature);
                    b[row] = curvature * (logits[row] - prior[row])
                            + weight * (task.rows().y()[row] - probability);
                }
                factorise(solver, roots);
                double[] right = new double[n];
                for (int row = 0; row < n; row++) {
                    right[row] = roots[row] * covarianceTimes(row, b);
                }
                solver.solve(right, 1);
                change = 0;
                for (int row = 0; row < n; row++) {
                    weights[row] = b[row] - roots[row] * right[row];
                }
                for (int row = 0; row < n; row++) {
                    double next = prior[row] + covarianceTimes(row, weights);
                    change = Math.max(change, Math.abs(next - logits[row]));
                    logits[row] = next;
                }
            }
            double[] solved = new double[cross.length];
            for (int i = 0; i < cross.length; i++) {
                solved[i] = roots[i / task.queries()] * cross[i];
            }
            if (n > 0) {
                solver.solve(solved, task.queries());
            }
            for (int i = 0; i < cross.length; i++) {
                solved[i] *= roots[i / task.queries()];
            }
            return new Posterior(weights, solved);
        }

        /** Factorises I + √W K √W. */
        private void factorise(CholeskySolver solver, double[] roots) {
            int n = roots.length;
            double[] matrix = new double[n * n];
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    matrix[i * n + j] = roots[i] * covariances[i * n + j] * roots[j] + (i == j ? 1 : 0);
                }
            }
            solver.factorise(matrix);
        }

        private double covarianceTimes(int row, double[] vector) {
            double sum = 0;
            for (int i = 0; i < vector.length; i++) {
                sum += covariances[row * vector.length + i] * vector[i];
            }
            return sum;
        }
    }
}
