package dev.kindling.job.algorithm;

import dev.kindling.job.backend.CholeskySolver;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A linear mixed model with random slopes on every column: y = X β + X u_g + e with u_g ~ N(0, D) for each group g and
 * e ~ N(0, s²), fitted by expectation maximisation (Laird and Ware, Biometrics 1982). All sums over groups are in a fixed
 * order, so the result does not depend on the number of threads.
 *
 * <p>With V = s² I + X D Xᵀ of a group and α = V⁻¹ (y - X β), the conditional mean of u is D Xᵀ α and its covariance
 * D - D Xᵀ V⁻¹ X D, so that an iteration over G groups of N rows is
 *
 * <pre>
 * D  ← D - D Σ Xᵀ (V⁻¹ - α αᵀ) X D / G
 * s² ← Σ (s⁴ αᵀα + s² n - s⁴ tr V⁻¹) / N
 * β  ← β + (Σ XᵀX)⁻¹ Σ Xᵀ s² α
 * </pre>
 *
 * <p>in which no covariance is inverted. Groups of more rows than columns are added as {@link GroupMoments}.
 *
 * @param coefficients β
 * @param covariance D, row-major [columns, columns]
 * @param noise s²
 */
public record MixedModel(double[] coefficients, double[] covariance, double noise) {
    /** The initial shares of the residual variance: noise, and the first column's random effect. */
    private static final double NOISE_SHARE = 0.7;

    private static final double EFFECT_SHARE = 0.3;

    /** Added to the diagonal of Σ XᵀX, for columns that are constant or collinear. */
    private static final double RIDGE = 1e-3;

    /** The least noise, with which V can be inverted where the model explains all rows. */
    private static final double LEAST_NOISE = 1e-8;

    /** Added to the diagonal of D as a fraction of its trace before it is factorised, for it may become singular. */
    private static final double JITTER = 1e-13;

    /** Groups whose sums are added up by one thread. */
    private static final int CHUNK = 64;

    /**
     * The rows of one group.
     *
     * @param x row-major [rows, columns]; the first column is the constant
     * @param y [rows]
     */
    public record Group(double[] x, double[] y) {
        int rows() {
            return y.length;
        }
    }

    /** What a group adds to the sums of an iteration. */
    @FunctionalInterface
    interface Contribution {
        /**
         * Adds it.
         *
         * @param factor L of the model's covariance
         */
        void addTo(Sums sums, MixedModel model, double[] factor);
    }

    /**
     * Fits a model.
     *
     * @param groups with at least one row each; at least one group
     * @param rounds iterations
     */
    public static MixedModel fit(List<Group> groups, int rounds) {
        int columns = groups.get(0).x().length / groups.get(0).rows();
        CholeskySolver normal = normalEquations(groups, columns);
        double[] coefficients = new double[columns];
        for (Group group : groups) {
            addTransposed(group.x(), group.y(), 1, coefficients);
        }
        normal.solve(coefficients, 1);
        double variance = residualVariance(groups, coefficients);
        double[] covariance = new double[columns * columns];
        for (int i = 0; i < columns; i++) {
            covariance[i * columns + i] = EFFECT_SHARE * variance / (i == 0 ? 1 : columns);
        }
        MixedModel model = new MixedModel(coefficients, covariance, Math.max(NOISE_SHARE * variance, LEAST_NOISE));
        List<Contribution> contributions =
                groups.stream().map(group -> contribution(group, columns)).toList();
        for (int round = 0; round < rounds; round++) {
            model = model.improved(contributions, normal);
        }
        return model;
    }

    /** In matrices of as many rows as the group has, or as there are columns, whichever are fewer. */
    private static Contribution contribution(Group group, int columns) {
        return group.rows() > columns
                ? GroupMoments.of(group, columns)
                : (sums, model, factor) -> model.add(group, sums);
    }

    /** The first of the models, with a factor times the mean of their covariances; there is at least one. */
    static MixedModel withMeanCovariance(List<MixedModel> models, double factor) {
        MixedModel first = models.get(0);
        double[] mean = new double[first.covariance.length];
        for (MixedModel model : models) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += factor * model.covariance[i] / models.size();
            }
        }
        return new MixedModel(first.coefficients, mean, first.noise);
    }

    private static CholeskySolver normalEquations(List<Group> groups, int columns) {
        double[] squares = new double[columns * columns];
        for (Group group : groups) {
            for (int row = 0; row < group.rows(); row++) {
                for (int i = 0; i < columns; i++) {
                    double xi = group.x()[row * columns + i];
                    for (int j = 0; j < columns; j++) {
                        squares[i * columns + j] += xi * group.x()[row * columns + j];
                    }
                }
            }
        }
        for (int i = 0; i < columns; i++) {
            squares[i * columns + i] += RIDGE;
        }
        CholeskySolver normal = new CholeskySolver(columns);
        normal.factorise(squares);
        return normal;
    }

    private static double residualVariance(List<Group> groups, double[] coefficients) {
        double sum = 0;
        double squares = 0;
        int count = 0;
        for (Group group : groups) {
            for (double residual : residuals(group, coefficients)) {
                sum += residual;
                squares += residual * residual;
                count++;
            }
        }
        return squares / count - sum / count * (sum / count);
    }

    /** y - X β. */
    private static double[] residuals(Group group, double[] coefficients) {
        double[] residuals = group.y().clone();
        for (int row = 0; row < residuals.length; row++) {
            for (int i = 0; i < coefficients.length; i++) {
                residuals[row] -= group.x()[row * coefficients.length + i] * coefficients[i];
            }
        }
        return residuals;
    }

    /** Adds factor · Xᵀ y to a sum. */
    private static void addTransposed(double[] x, double[] y, double factor, double[] sum) {
        for (int row = 0; row < y.length; row++) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += factor * x[row * sum.length + i] * y[row];
            }
        }
    }

    /** Sums over groups. */
    static final class Sums {
        private final double[] curvature;
        private final double[] gradient;
        private double noise;
        private int rows;

        Sums(int columns) {
            this.curvature = new double[columns * columns];
            this.gradient = new double[columns];
        }

        /**
         * Adds a group.
         *
         * @param precision Xᵀ V⁻¹ X
         * @param weighted Xᵀ α
         * @param s2 s²
         * @param squares s⁴ αᵀα + s² n - s⁴ tr V⁻¹
         */
        void add(double[] precision, double[] weighted, double s2, double squares, int groupRows) {
            int n = weighted.length;
            for (int i = 0; i < n; i++) {
                gradient[i] += s2 * weighted[i];
                for (int j = 0; j < n; j++) {
                    curvature[i * n + j] += precision[i * n + j] - weighted[i] * weighted[j];
                }
            }
            noise += squares;
            rows += groupRows;
        }

        void add(Sums other) {
            addTo(curvature, other.curvature);
            addTo(gradient, other.gradient);
            noise += other.noise;
            rows += other.rows;
        }

        private static void addTo(double[] sum, double[] other) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += other[i];
            }
        }
    }

    private MixedModel improved(List<Contribution> groups, CholeskySolver normal) {
        int columns = coefficients.length;
        int chunks = (groups.size() + CHUNK - 1) / CHUNK;
        double[] factor = factor(JITTER * trace());
        Sums sums = new Sums(columns);
        IntStream.range(0, chunks)
                .parallel()
                .mapToObj(chunk ->
                        sums(groups.subList(chunk * CHUNK, Math.min(groups.size(), (chunk + 1) * CHUNK)), factor))
                .toList()
                .forEach(sums::add);
        double[] next = sums.gradient;
        normal.solve(next, 1);
        for (int i = 0; i < columns; i++) {
            next[i] += coefficients[i];
        }
        double[] change = product(product(covariance, sums.curvature, columns), covariance, columns);
        double[] nextCovariance = covariance.clone();
        for (int i = 0; i < nextCovariance.length; i++) {
            nextCovariance[i] -= change[i] / groups.size();
        }
        double nextNoise = Math.max(sums.noise / sums.rows, LEAST_NOISE);
        return new MixedModel(next, symmetric(nextCovariance, columns), nextNoise);
    }

    private Sums sums(List<Contribution> groups, double[] factor) {
        Sums sums = new Sums(coefficients.length);
        groups.forEach(group -> group.addTo(sums, this, factor));
        return sums;
    }

    private double trace() {
        double sum = Double.MIN_NORMAL;
        for (int i = 0; i < coefficients.length; i++) {
            sum += covariance[i * coefficients.length + i];
        }
        return sum;
    }

    private void add(Group group, Sums sums) {
        int n = group.rows();
        int columns = coefficients.length;
        double[] inverse = inverse(group);
        double[] alpha = new double[n];
        double[] residuals = residuals(group, coefficients);
        double trace = 0;
        double squares = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                alpha[i] += inverse[i * n + j] * residuals[j];
            }
            trace += inverse[i * n + i];
            squares += alpha[i] * alpha[i];
        }
        sums.noise += noise * noise * squares + noise * n - noise * noise * trace;
        sums.rows += n;
        addTransposed(group.x(), alpha, noise, sums.gradient);
        for (int i = 0; i < n; i++) {
            double[] row = new double[columns];
            for (int j = 0; j < n; j++) {
                double element = inverse[i * n + j] - alpha[i] * alpha[j];
                for (int k = 0; k < columns; k++) {
                    row[k] += element * group.x()[j * columns + k];
                }
            }
            for (int k = 0; k < columns; k++) {
                double xi = group.x()[i * columns + k];
                for (int l = 0; l < columns; l++) {
                    sums.curvature[k * columns + l] += xi * row[l];
                }
            }
        }
    }

    /** V⁻¹ of a group, row-major [rows, rows]. */
    private double[] inverse(Group group) {
        int n = group.rows();
        int columns = coefficients.length;
        double[] projected = new double[n * columns];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < columns; k++) {
                double x = group.x()[i * columns + k];
                for (int l = 0; l < columns; l++) {
                    projected[i * columns + l] += x * covariance[k * columns + l];
                }
            }
        }
        double[] v = new double[n * n];
        double[] identity = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                for (int k = 0; k < columns; k++) {
                    v[i * n + j] += projected[i * columns + k] * group.x()[j * columns + k];
                }
            }
            v[i * n + i] += noise;
            identity[i * n + i] = 1;
        }
        CholeskySolver solver = new CholeskySolver(n);
        solver.factorise(v);
        solver.solve(identity, n);
        return identity;
    }

    private static double[] product(double[] a, double[] b, int n) {
        double[] product = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < n; k++) {
                for (int j = 0; j < n; j++) {
                    product[i * n + j] += a[i * n + k] * b[k * n + j];
                }
            }
        }
        return product;
    }

    private static double[] symmetric(double[] matrix, int n) {
        double[] symmetric = matrix.clone();
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                symmetric[i * n + j] = (matrix[i * n + j] + matrix[j * n + i]) / 2;
            }
        }
        return symmetric;
    }

    /**
     * The lower triangular factor L of D + jitter I = L Lᵀ, row-major.
     *
     * @param jitter added to the diagonal, above 0: an estimated covariance may be singular
     */
    double[] factor(double jitter) {
        int n = coefficients.length;
        double[] lower = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double rest = covariance[i * n + j] + (i == j ? jitter : 0);
                for (int k = 0; k < j; k++) {
                    rest -= lower[i * n + k] * lower[j * n + k];
                }
                // Rounding can leave a pivot of an almost singular matrix below the jitter.
                lower[i * n + j] = i == j ? Math.sqrt(Math.max(rest, jitter)) : rest / lower[j * n + j];
            }
        }
        return lower;
    }
}
