package dev.kindling.job.backend.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

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
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int W = S.length();
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
            factoriseBlock(end - begin, n, u, uAt + corner);
            finish(end - begin, n - end, u, uAt + corner, 1, n, u, uAt + begin * n + end, n);
        }
    }

    /** Factorises a block of the diagonal, element by element, of which the chains over the rows above are done. */
    private static void factoriseBlock(int rows, int n, float[] u, int uAt) {
        for (int i = 0; i < rows; i++) {
            for (int j = i; j < rows; j++) {
                float chain = u[uAt + i * n + j];
                for (int k = 0; k < i; k++) {
                    chain = Math.fma(u[uAt + k * n + i], u[uAt + k * n + j], chain);
                }
                u[uAt + i * n + j] = j == i ? negativeReciprocal(-chain) : chain * u[uAt + i * n + i];
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
            finish(end - begin, m, l, lAt + begin * (lRow + lColumn), lRow, lColumn, x, xAt + begin * m, m);
        }
    }

    /**
     * Continues the chains of a block of rows within the block: row i of x = l(i, i) · (row i + Σ over k &lt; i of
     * l(i, k) · row k).
     *
     * @param row distance of the rows of x in elements
     */
    private static void finish(
            int rows, int columns, float[] l, int lAt, int lRow, int lColumn, float[] x, int xAt, int row) {
        int j = 0;
        for (; rows == BLOCK && j <= columns - W; j += W) {
            finishFive(l, lAt, lRow, lColumn, x, xAt + j, row);
        }
        for (int i = 0; i < rows && j < columns; i++) {
            int at = xAt + i * row + j;
            for (int k = 0; k < i; k++) {
                FloatElementwise.fma(x, at, columns - j, x, xAt + k * row + j, l[lAt + i * lRow + k * lColumn], x, at);
            }
            FloatElementwise.mul(x, at, columns - j, x, at, l[lAt + i * (lRow + lColumn)]);
        }
    }

    /** One vector of columns of a whole block, whose five rows stay in registers. */
    private static void finishFive(float[] l, int lAt, int lRow, int lColumn, float[] x, int xAt, int row) {
        int l1 = lAt + lRow;
        int l2 = l1 + lRow;
        int l3 = l2 + lRow;
        int l4 = l3 + lRow;
        int x1 = xAt + row;
        int x2 = x1 + row;
        int x3 = x2 + row;
        int x4 = x3 + row;
        FloatVector c0 = FloatVector.fromArray(S, x, xAt).mul(l[lAt]);
        FloatVector c1 = c0.fma(FloatVector.broadcast(S, l[l1]), FloatVector.fromArray(S, x, x1));
        FloatVector c2 = c0.fma(FloatVector.broadcast(S, l[l2]), FloatVector.fromArray(S, x, x2));
        FloatVector c3 = c0.fma(FloatVector.broadcast(S, l[l3]), FloatVector.fromArray(S, x, x3));
        FloatVector c4 = c0.fma(FloatVector.broadcast(S, l[l4]), FloatVector.fromArray(S, x, x4));
        c1 = c1.mul(l[l1 + lColumn]);
        c2 = c1.fma(FloatVector.broadcast(S, l[l2 + lColumn]), c2);
        c3 = c1.fma(FloatVector.broadcast(S, l[l3 + lColumn]), c3);
        c4 = c1.fma(FloatVector.broadcast(S, l[l4 + lColumn]), c4);
        c2 = c2.mul(l[l2 + 2 * lColumn]);
        c3 = c2.fma(FloatVector.broadcast(S, l[l3 + 2 * lColumn]), c3);
        c4 = c2.fma(FloatVector.broadcast(S, l[l4 + 2 * lColumn]), c4);
        c3 = c3.mul(l[l3 + 3 * lColumn]);
        c4 = c3.fma(FloatVector.broadcast(S, l[l4 + 3 * lColumn]), c4);
        c4 = c4.mul(l[l4 + 4 * lColumn]);
        c0.intoArray(x, xAt);
        c1.intoArray(x, x1);
        c2.intoArray(x, x2);
        c3.intoArray(x, x3);
        c4.intoArray(x, x4);
    }
}
