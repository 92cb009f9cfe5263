package dev.kindling.driver.check.reference;

/**
 * A Gaussian process of mean 0 observed at the support examples, computed with its covariance matrices: Rasmussen and Williams
 * 2006, chapters 2 and 3, without the factorisations of their algorithms. For classes the system has one row for each example
 * and class.
 *
 * @param support covariances of the support examples
 * @param cross covariances of the queries, in rows, with the support examples
 * @param query variances of the queries
 * @param weights of the support examples
 */
record GaussianProcess(double[][] support, double[][] cross, double[] query, double[] weights) {
    private static final int NEWTON_STEPS = 6;
    private static final double SMALLEST_CURVATURE = 1e-4;
    private static final double LEAST_PROBABILITY = 1e-4;

    /**
     * The posterior at the queries.
     *
     * @param mean of each query
     * @param variance of each query
     */
    record Posterior(double[] mean, double[] variance) {}

    /** The covariances of the linear part ψ(x)·a, a ~ N(0, I). */
    static GaussianProcess linear(double[][] psi, double[][] queryPsi, double[] weights) {
        double[] variances = new double[queryPsi.length];
        for (int i = 0; i < variances.length; i++) {
            variances[i] = dot(queryPsi[i], queryPsi[i]);
        }
        return new GaussianProcess(products(psi, psi), products(queryPsi, psi), variances, weights);
    }

    /** This process plus one of covariance variance · exp(-rate |o - o'|) in the order o of the examples. */
    GaussianProcess plusExponential(double variance, double rate, double[] order, double[] queryOrder) {
        double[] variances = query.clone();
        for (int i = 0; i < variances.length; i++) {
            variances[i] += variance;
        }
        return new GaussianProcess(
                plus(support, variance, rate, order, order),
                plus(cross, variance, rate, queryOrder, order),
                variances,
                weights);
    }

    private static double[][] plus(
            double[][] covariance, double variance, double rate, double[] rows, double[] columns) {
        double[][] sum = new double[rows.length][columns.length];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < columns.length; j++) {
                sum[i][j] = covariance[i][j] + variance * StrictMath.exp(-rate * Math.abs(rows[i] - columns[j]));
            }
        }
        return sum;
    }

    /** The posterior for observations with the given noise variances, which the weights divide. */
    Posterior ofValues(double[] residual, double[] noise) {
        double[] precision = new double[noise.length];
        double[][] target = new double[noise.length][1];
        for (int i = 0; i < noise.length; i++) {
            precision[i] = weights[i] / noise[i];
            target[i][0] = precision[i] * residual[i];
        }
        double[][] a = LinearSystem.solve(system(diagonal(precision), support), target);
        return new Posterior(column(PenalisedRegression.product(cross, a)), variance(precision));
    }

    /** The Laplace approximation for labels 0 and 1 after six Newton steps from 0. */
    Posterior ofClasses(double[] labels, double[] prior) {
        double[] f = new double[labels.length];
        for (int step = 0; step < NEWTON_STEPS; step++) {
            double[] precision = curvature(prior, f);
            double[][] target = gradient(labels, prior, f);
            for (int i = 0; i < f.length; i++) {
                target[i][0] += precision[i] * f[i];
            }
            double[][] a = LinearSystem.solve(system(diagonal(precision), support), target);
            f = column(PenalisedRegression.product(support, a));
        }
        return new Posterior(
                column(PenalisedRegression.product(cross, gradient(labels, prior, f))), variance(curvature(prior, f)));
    }

    private double[][] gradient(double[] labels, double[] prior, double[] f) {
        double[][] gradient = new double[f.length][1];
        for (int i = 0; i < f.length; i++) {
            gradient[i][0] = weights[i] * (labels[i] - 1 / (1 + StrictMath.exp(-prior[i] - f[i])));
        }
        return gradient;
    }

    private double[] curvature(double[] prior, double[] f) {
        double[] curvature = new double[f.length];
        for (int i = 0; i < f.length; i++) {
            double p = 1 / (1 + StrictMath.exp(-prior[i] - f[i]));
            curvature[i] = weights[i] * Math.max(p * (1 - p), SMALLEST_CURVATURE);
        }
        return curvature;
    }

    /** k - c (I + P K)⁻¹ P cᵀ of each query, with its variance k and its covariances c. */
    private double[] variance(double[] precision) {
        double[][] scaled = new double[precision.length][cross.length];
        for (int i = 0; i < precision.length; i++) {
            for (int j = 0; j < cross.length; j++) {
                scaled[i][j] = precision[i] * cross[j][i];
            }
        }
        double[][] solved = LinearSystem.solve(system(diagonal(precision), support), scaled);
        double[] variance = query.clone();
        for (int j = 0; j < variance.length; j++) {
            for (int i = 0; i < precision.length; i++) {
                variance[j] -= cross[j][i] * solved[i][j];
            }
        }
        return variance;
    }

    /**
     * The logits of a softmax over classes, each with this process as deviation from its prior mean: the Laplace approximation
     * after six Newton steps from 0. The logit of each class against the mean of the others, g, is divided by
     * √(1 + π/8 variance of g).
     *
     * @param labels of the support examples
     * @param prior the prior means of the support examples' logits, in rows
     * @param queryPrior those of the queries
     */
    double[][] logits(double[] labels, double[][] prior, double[][] queryPrior) {
        int classes = prior[0].length;
        double[][] covariance = repeated(support, classes);
        double[] f = new double[labels.length * classes];
        for (int step = 0; step < NEWTON_STEPS; step++) {
            double[][] curvature = curvature(prior, f);
            double[][] target = gradient(labels, prior, f);
            for (int i = 0; i < f.length; i++) {
                target[i][0] += dot(curvature[i], f);
            }
            f = column(
                    PenalisedRegression.product(covariance, LinearSystem.solve(system(curvature, covariance), target)));
        }
        double[][] curvature = curvature(prior, f);
        double[][] crossed = repeated(cross, classes);
        double[] mean = column(PenalisedRegression.product(crossed, gradient(labels, prior, f)));
        double[][] solved = LinearSystem.solve(
                system(curvature, covariance), PenalisedRegression.product(curvature, transposed(crossed)));
        double[][] logits = new double[queryPrior.length][classes];
        for (int i = 0; i < logits.length; i++) {
            double[][] posterior = new double[classes][classes];
            for (int c = 0; c < classes; c++) {
                for (int d = 0; d < classes; d++) {
                    posterior[c][d] = c == d ? query[i] : 0;
                    for (int j = 0; j < solved.length; j++) {
                        posterior[c][d] -= crossed[i * classes + c][j] * solved[j][i * classes + d];
                    }
                }
            }
            for (int c = 0; c < classes; c++) {
                double[] against = new double[classes];
                for (int d = 0; d < classes; d++) {
                    against[d] = d == c ? 1 : -1.0 / (classes - 1);
                }
                double g = 0;
                double variance = 0;
                for (int d = 0; d < classes; d++) {
                    g += against[d] * (queryPrior[i][d] + mean[i * classes + d]);
                    variance += against[d] * dot(posterior[d], against);
                }
                logits[i][c] = (classes - 1.0) / classes * g / Math.sqrt(1 + Math.PI / 8 * variance);
            }
        }
        return logits;
    }

    private double[][] probabilities(double[][] prior, double[] f) {
        int classes = prior[0].length;
        double[] logits = f.clone();
        for (int i = 0; i < logits.length; i++) {
            logits[i] += prior[i / classes][i % classes];
        }
        return Examples.rows(Classes.softmax(logits, classes), prior.length);
    }

    private double[][] gradient(double[] labels, double[][] prior, double[] f) {
        int classes = prior[0].length;
        double[][] probabilities = probabilities(prior, f);
        double[][] gradient = new double[f.length][1];
        for (int i = 0; i < f.length; i++) {
            int row = i / classes;
            double target = i % classes == (int) labels[row] ? 1 : 0;
            gradient[i][0] = weights[row] * (target - probabilities[row][i % classes]);
        }
        return gradient;
    }

    /** w (diag π - π πᵀ) for each example, with small probabilities replaced and π normalised. */
    private double[][] curvature(double[][] prior, double[] f) {
        int classes = prior[0].length;
        double[][] probabilities = probabilities(prior, f);
        double[][] curvature = new double[f.length][f.length];
        for (int row = 0; row < probabilities.length; row++) {
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                probabilities[row][c] = Math.max(probabilities[row][c], LEAST_PROBABILITY);
                sum += probabilities[row][c];
            }
            for (int c = 0; c < classes; c++) {
                double p = probabilities[row][c] / sum;
                for (int d = 0; d < classes; d++) {
                    double q = probabilities[row][d] / sum;
                    curvature[row * classes + c][row * classes + d] = weights[row] * ((c == d ? p : 0) - p * q);
                }
            }
        }
        return curvature;
    }

    /** The Kronecker product with the identity of {@code classes} rows. */
    private static double[][] repeated(double[][] matrix, int classes) {
        double[][] repeated = new double[matrix.length * classes][matrix[0].length * classes];
        for (int i = 0; i < matrix.length; i++) {
            for (int j = 0; j < matrix[0].length; j++) {
                for (int c = 0; c < classes; c++) {
                    repeated[i * classes + c][j * classes + c] = matrix[i][j];
                }
            }
        }
        return repeated;
    }

    /** I + A B. */
    private static double[][] system(double[][] a, double[][] b) {
        double[][] system = PenalisedRegression.product(a, b);
        for (int i = 0; i < system.length; i++) {
            system[i][i] += 1;
        }
        return system;
    }

    private static double[][] diagonal(double[] elements) {
        double[][] matrix = new double[elements.length][elements.length];
        for (int i = 0; i < elements.length; i++) {
            matrix[i][i] = elements[i];
        }
        return matrix;
    }

    private static double[][] transposed(double[][] matrix) {
        double[][] transposed = new double[matrix[0].length][matrix.length];
        for (int i = 0; i < matrix.length; i++) {
            for (int j = 0; j < matrix[0].length; j++) {
                transposed[j][i] = matrix[i][j];
            }
        }
        return transposed;
    }

    /** The products of all pairs of rows. */
    private static double[][] products(double[][] a, double[][] b) {
        return PenalisedRegression.product(a, transposed(b));
    }

    private static double[] column(double[][] matrix) {
        double[] column = new double[matrix.length];
        for (int i = 0; i < column.length; i++) {
            column[i] = matrix[i][0];
        }
        return column;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
