package dev.kindling.job.algorithm;

import dev.kindling.job.backend.CholeskySolver;

/**
 * Second moments of a group's rows, of which an iteration of {@link MixedModel} needs nothing else: its cost then does not
 * depend on the number of rows.
 *
 * <p>With L Lᵀ = D, S = XᵀX, W = S L and B = s² I + LᵀW, Woodbury's identity gives
 *
 * <pre>
 * Xᵀ V⁻¹ X = (S - W B⁻¹ Wᵀ) / s²
 * Xᵀ α     = (Xᵀr - W B⁻¹ Lᵀ Xᵀr) / s²      with the residuals r = y - X β
 * s² α     = r - X u                         with u = D Xᵀ α
 * s² tr V⁻¹ = n - tr D Xᵀ V⁻¹ X
 * </pre>
 *
 * @param squares S, row-major [columns, columns]
 * @param products Xᵀy
 * @param total yᵀy
 * @param rows n
 */
record GroupMoments(double[] squares, double[] products, double total, int rows) implements MixedModel.Contribution {
    static GroupMoments of(MixedModel.Group group, int columns) {
        double[] squares = new double[columns * columns];
        double[] products = new double[columns];
        double total = 0;
        for (int row = 0; row < group.rows(); row++) {
            double y = group.y()[row];
            for (int i = 0; i < columns; i++) {
                double xi = group.x()[row * columns + i];
                products[i] += xi * y;
                for (int j = 0; j < columns; j++) {
                    squares[i * columns + j] += xi * group.x()[row * columns + j];
                }
            }
            total += y * y;
        }
        return new GroupMoments(squares, products, total, group.rows());
    }

    @Override
    public void addTo(MixedModel.Sums sums, MixedModel model, double[] factor) {
        int n = products.length;
        double noise = model.noise();
        double[] residual = times(squares, model.coefficients(), -1);
        for (int i = 0; i < n; i++) {
            residual[i] += products[i];
        }
        double squaredResiduals = total - dot(model.coefficients(), products) - dot(model.coefficients(), residual);
        // The columns of right are those of Wᵀ and, last, Lᵀ Xᵀr.
        double[] w = new double[n * n];
        double[] right = new double[n * (n + 1)];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < n; k++) {
                double s = squares[i * n + k];
                for (int j = 0; j <= k; j++) {
                    w[i * n + j] += s * factor[k * n + j];
                }
            }
        }
        double[] b = new double[n * n];
        for (int k = 0; k < n; k++) {
            for (int i = 0; i <= k; i++) {
                double l = factor[k * n + i];
                for (int j = 0; j < n; j++) {
                    b[i * n + j] += l * w[k * n + j];
                }
                right[i * (n + 1) + n] += l * residual[k];
            }
        }
        for (int i = 0; i < n; i++) {
            b[i * n + i] += noise;
            for (int j = 0; j < n; j++) {
                right[i * (n + 1) + j] = w[j * n + i];
            }
        }
        CholeskySolver solver = new CholeskySolver(n);
        solver.factorise(b);
        solver.solve(right, n + 1);
        double[] precision = squares.clone();
        double[] weighted = residual.clone();
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < n; k++) {
                double factorOfRow = w[i * n + k];
                for (int j = 0; j < n; j++) {
                    precision[i * n + j] -= factorOfRow * right[k * (n + 1) + j];
                }
                weighted[i] -= factorOfRow * right[k * (n + 1) + n];
            }
        }
        double trace = 0;
        for (int i = 0; i < n; i++) {
            weighted[i] /= noise;
            for (int j = 0; j < n; j++) {
                precision[i * n + j] /= noise;
                trace += model.covariance()[i * n + j] * precision[i * n + j];
            }
        }
        double[] effects = times(model.covariance(), weighted, 1);
        double squaredNoise = squaredResiduals - 2 * dot(effects, residual) + dot(effects, times(squares, effects, 1));
        sums.add(precision, weighted, noise, squaredNoise + noise * trace, rows);
    }

    private static double[] times(double[] matrix, double[] vector, double factor) {
        int n = vector.length;
        double[] product = new double[n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                product[i] += factor * matrix[i * n + j] * vector[j];
            }
        }
        return product;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
