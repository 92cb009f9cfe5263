package dev.kindling.job.backend.vector;

/**
 * Kernels that solve A X = B for a symmetric positive definite A [n, n] by Cholesky's factorisation S = Uᵀ U of the symmetric
 * part S = (A + Aᵀ) / 2, followed by two substitutions.
 *
 * <p>Each element of U, and of each substitution, is one chain of fused multiply-adds over the rows before its own, in their
 * order (the second substitution runs from the last row to the first), then multiplied by the reciprocal of the pivot's root.
 * The chain does not depend on blocks or on the register width, so results are bitwise identical on all machines. Blocks of
 * rows start their chains with {@link FloatMatmul}, over all rows before the block, and continue them within the block.
 *
 * <p>Chains add products, so they start from negated numbers, and the reciprocals are negative: -(-s + Σ u·x) / r. A block's
 * source and destination are different arrays, because narrow products write garbage after each row.
 */
final class FloatCholesky {
    /** Rows of a block: those of one tile of {@link FloatMatmul}. */
    private static final int BLOCK = 5;

    private FloatCholesky() {}

    /**
     * u = the factor of a, with negative reciprocals on its diagonal; the elements below the diagonal are undefined. If a
     * pivot is not a positive finite number, its reciprocal is NaN, which spreads to all later rows and all solutions.
     *
     * @param work scratch memory of n x n elements
     */
    static void factorise(int n, float[] a, int aAt, float[] work, int workAt, float[] u, int uAt) {
        negateSymmetricPart(n, a, aAt, work, workAt);
        for (int begin = 0; begin < n; begin += BLOCK) {
            int end = Math.min(begin + BLOCK, n);
            int corner = begin * n + begin;
            FloatMatmul.multiply(
                    end - begin,
                    n - begin,
                    begin,
                    n,
                    u,
                    uAt + begin,
                    1,
                    n,
                    u,
                    uAt + begin,
                    work,
                    workAt + corner,
                    n,
                    u,
                    uAt + corner);
            for (int i = begin; i < end; i++) {
                int diagonal = uAt + i * n + i;
                for (int k = begin; k < i; k++) {
                    int above = uAt + k * n + i;
                    FloatElementwise.fma(u, diagonal, n - i, u, above, u[above], u, diagonal);
                }
                float reciprocal = negativeReciprocal(-u[diagonal]);
                FloatElementwise.mul(u, diagonal + 1, n - i - 1, u, diagonal + 1, reciprocal);
                u[diagonal] = reciprocal;
            }
        }
    }

    /** The upper triangle of -(a + aᵀ) / 2. */
    private static void negateSymmetricPart(int n, float[] a, int aAt, float[] d, int dAt) {
        for (int i = 0; i < n; i++) {
            for (int j = i; j < n; j++) {
                d[dAt + i * n + j] = -0.5f * (a[aAt + i * n + j] + a[aAt + j * n + i]);
            }
        }
    }

    private static float negativeReciprocal(float pivot) {
        return pivot > 0f && pivot < Float.POSITIVE_INFINITY ? -1f / (float) Math.sqrt(pivot) : Float.NaN;
    }

    /**
     * d = the solution for right-hand sides b [n, m], from a factor that {@link #factorise} computed.
     *
     * @param work scratch memory of n x m elements
     */
    static void solve(
            int n, int m, float[] u, int uAt, float[] b, int bAt, float[] work, int workAt, float[] d, int dAt) {
        FloatElementwise.neg(d, dAt, n * m, b, bAt);
        substitute(n, m, u, uAt, 1, n, d, dAt, work, workAt);
        // With rows and columns in reverse order, U is a lower triangle, as Uᵀ is.
        for (int i = 0; i < n; i++) {
            FloatElementwise.neg(d, dAt + i * m, m, work, workAt + (n - 1 - i) * m);
        }
        substitute(n, m, u, uAt + n * n - 1, -n, -1, d, dAt, work, workAt);
        for (int i = 0; i < n; i++) {
            System.arraycopy(work, workAt + (n - 1 - i) * m, d, dAt + i * m, m);
        }
    }

    /**
     * Row i of x = l(i, i) · (s row i + Σ over k &lt; i of l(i, k) · x row k), where l(i, k) is at
     * {@code lAt + i * lRow + k * lColumn}.
     */
    private static void substitute(
            int n, int m, float[] l, int lAt, int lRow, int lColumn, float[] s, int sAt, float[] x, int xAt) {
        for (int begin = 0; begin < n; begin += BLOCK) {
            int end = Math.min(begin + BLOCK, n);
            FloatMatmul.multiply(
                    end - begin,
                    m,
                    begin,
                    l,
                    lAt + begin * lRow,
                    lRow,
                    lColumn,
                    x,
                    xAt,
                    s,
                    sAt + begin * m,
                    m,
                    x,
                    xAt + begin * m);
            for (int i = begin; i < end; i++) {
                int row = xAt + i * m;
                for (int k = begin; k < i; k++) {
                    FloatElementwise.fma(x, row, m, x, xAt + k * m, l[lAt + i * lRow + k * lColumn], x, row);
                }
                FloatElementwise.mul(x, row, m, x, row, l[lAt + i * (lRow + lColumn)]);
            }
        }
    }
}
