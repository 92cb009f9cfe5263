package dev.kindling.job.backend;

/**
 * Solves linear systems with a symmetric positive definite matrix by Cholesky's factorisation S = L Lᵀ, in plain loops over
 * doubles: for backends that have no kernel of their own for SOLVE, and to compare kernels with. Not thread-safe; allocates
 * only when it is constructed.
 */
public final class CholeskySolver {
    private final int n;
    private final double[] lower;

    /** A solver for matrices [n, n]. */
    public CholeskySolver(int n) {
        this.n = n;
        this.lower = new double[n * n];
    }

    /**
     * Factorises the symmetric part (A + Aᵀ) / 2 of a matrix. If a pivot is not a positive finite number, the matrix is not
     * positive definite, and the next solutions are NaN.
     *
     * @param a row-major [n, n]
     */
    public void factorise(double[] a) {
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double rest = (a[i * n + j] + a[j * n + i]) / 2;
                for (int k = 0; k < j; k++) {
                    rest -= lower[i * n + k] * lower[j * n + k];
                }
                lower[i * n + j] = i == j ? root(rest) : rest / lower[j * n + j];
            }
        }
    }

    /** The square root of a pivot. A NaN spreads to all later rows of the factor, and from them to every solution. */
    private static double root(double pivot) {
        return pivot > 0 && pivot < Double.POSITIVE_INFINITY ? Math.sqrt(pivot) : Double.NaN;
    }

    /**
     * Replaces right-hand sides with their solutions.
     *
     * @param x row-major [n, columns]
     */
    public void solve(double[] x, int columns) {
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < i; k++) {
                subtract(x, i, lower[i * n + k], k, columns);
            }
            divide(x, i, columns);
        }
        for (int i = n - 1; i >= 0; i--) {
            for (int k = i + 1; k < n; k++) {
                subtract(x, i, lower[k * n + i], k, columns);
            }
            divide(x, i, columns);
        }
    }

    /** Subtracts a multiple of row k from row i. */
    private static void subtract(double[] x, int i, double factor, int k, int columns) {
        for (int j = 0; j < columns; j++) {
            x[i * columns + j] -= factor * x[k * columns + j];
        }
    }

    private void divide(double[] x, int i, int columns) {
        double diagonal = lower[i * n + i];
        for (int j = 0; j < columns; j++) {
            x[i * columns + j] /= diagonal;
        }
    }
}
