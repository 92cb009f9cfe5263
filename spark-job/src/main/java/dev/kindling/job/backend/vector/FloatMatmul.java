package dev.kindling.job.backend.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernels of matrix products, blocked into registers: c = s + a·b, m x n. Vector lanes run over the columns of b, which is
 * row-major; a is read element by element with any strides, so that it may be transposed; s is read with any row stride, so
 * that it may be one row, c itself or zeros. Each element of c is one chain of fused multiply-adds with k ascending,
 * independent of the register width and of the tiling, so that results are bitwise identical on all machines.
 *
 * <p>Why the kernels are unrolled by hand: C2 keeps vectors in registers across a loop only if it sees one vector class.
 * Therefore this package uses one species, and a kernel has no branch before the accumulators and no loop around its inner
 * loop. Columns that do not fill a vector are computed twice, by overlapping vectors within one tile, because masks are slow
 * before JDK 18 and a second, narrower species would make C2 box all vectors.
 */
final class FloatMatmul {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int W = S.length();
    /** Five rows of three vectors and their operands fit 32 registers; five rows of two fit 16. */
    private static final int VECTORS = S.vectorBitSize() == 512 ? 3 : 2;

    private static final int LANES = FloatLanes.LANES;

    private static final int ROWS = FloatLanes.DOT_ROWS;

    private FloatMatmul() {}

    /**
     * d = a·bᵀ, m x n over k, all three row-major. Each element is a sum over virtual lanes, as many as a 512-bit register
     * holds: product x is added to lane x modulo that number, and the lanes are added as a fixed tree. Used for few elements
     * and a long k, where transposing b would cost more than the product.
     */
    static void dots(int m, int n, int k, float[] a, int aAt, float[] b, int bAt, float[] d, int dAt, float[] lanes) {
        for (int j = 0; j < n; j++) {
            int i = 0;
            for (; i + ROWS <= m; i += ROWS) {
                for (int lane = 0; lane < LANES; lane += W) {
                    fiveDots(k - k % LANES, a, aAt + i * k + lane, k, b, bAt + j * k + lane, lanes, lane);
                }
                for (int r = 0; r < ROWS; r++) {
                    d[dAt + (i + r) * n + j] =
                            FloatLanes.finishDot(k, a, aAt + (i + r) * k, b, bAt + j * k, lanes, r * LANES);
                }
            }
            for (; i < m; i++) {
                for (int lane = 0; lane < LANES; lane += W) {
                    dot(k - k % LANES, a, aAt + i * k + lane, b, bAt + j * k + lane, lanes, lane);
                }
                d[dAt + i * n + j] = FloatLanes.finishDot(k, a, aAt + i * k, b, bAt + j * k, lanes, 0);
            }
        }
    }

    private static void fiveDots(int k, float[] a, int aAt, int aRow, float[] b, int bAt, float[] lanes, int lane) {
        FloatVector c0 = FloatVector.zero(S);
        FloatVector c1 = FloatVector.zero(S);
        FloatVector c2 = FloatVector.zero(S);
        FloatVector c3 = FloatVector.zero(S);
        FloatVector c4 = FloatVector.zero(S);
        for (int x = 0; x < k; x += LANES) {
            FloatVector f = FloatVector.fromArray(S, b, bAt + x);
            c0 = f.fma(FloatVector.fromArray(S, a, aAt + x), c0);
            c1 = f.fma(FloatVector.fromArray(S, a, aAt + aRow + x), c1);
            c2 = f.fma(FloatVector.fromArray(S, a, aAt + 2 * aRow + x), c2);
            c3 = f.fma(FloatVector.fromArray(S, a, aAt + 3 * aRow + x), c3);
            c4 = f.fma(FloatVector.fromArray(S, a, aAt + 4 * aRow + x), c4);
        }
        c0.intoArray(lanes, lane);
        c1.intoArray(lanes, lane + LANES);
        c2.intoArray(lanes, lane + 2 * LANES);
        c3.intoArray(lanes, lane + 3 * LANES);
        c4.intoArray(lanes, lane + 4 * LANES);
    }

    private static void dot(int k, float[] a, int aAt, float[] b, int bAt, float[] lanes, int lane) {
        FloatVector c = FloatVector.zero(S);
        for (int x = 0; x < k; x += LANES) {
            c = FloatVector.fromArray(S, b, bAt + x).fma(FloatVector.fromArray(S, a, aAt + x), c);
        }
        c.intoArray(lanes, lane);
    }

    /**
     * Computes c = s + a·b.
     *
     * @param a element (i, x) at {@code aAt + i * aRow + x * aColumn}
     * @param b element (x, j) at {@code bAt + x * n + j}
     * @param s element (i, j) at {@code sAt + i * sRow + j}; may be c itself
     * @param c element (i, j) at {@code cAt + i * n + j}
     */
    static void multiply(
            int m,
            int n,
            int k,
            float[] a,
            int aAt,
            int aRow,
            int aColumn,
            float[] b,
            int bAt,
            float[] s,
            int sAt,
            int sRow,
            float[] c,
            int cAt) {
        multiply(m, n, k, n, a, aAt, aRow, aColumn, b, bAt, s, sAt, sRow, c, cAt);
    }

    /**
     * The same over some columns of wider matrices.
     *
     * @param row distance of the rows of b and of c in elements, at least n; columns after the n-th of a narrow c are
     *     overwritten with garbage
     */
    static void multiply(
            int m,
            int n,
            int k,
            int row,
            float[] a,
            int aAt,
            int aRow,
            int aColumn,
            float[] b,
            int bAt,
            float[] s,
            int sAt,
            int sRow,
            float[] c,
            int cAt) {
        if (n <= FloatLanes.SCALAR_COLUMNS) {
            for (int j = 0; j < n; j++) {
                column(m, row, k, a, aAt, aRow, aColumn, b, bAt + j, s, sAt + j, sRow, c, cAt + j);
            }
        } else if (n < W) {
            narrow(m, row, k, a, aAt, aRow, aColumn, b, bAt, s, sAt, sRow, c, cAt);
        } else if (FloatPackedMatmul.fitsMatrices(m, n, k)) {
            FloatPackedMatmul.matrices(m, n, k, row, a, aAt, aRow, aColumn, b, bAt, s, sAt, sRow, c, cAt);
        } else {
            int j = 0;
            while (j < n) {
                int width = width(n - j);
                strip(m, row, k, a, aAt, aRow, aColumn, b, bAt + j, s, sAt + j, sRow, c, cAt + j, width);
                j += width;
            }
        }
    }

    /**
     * Columns of the next strip of {@code rest} columns, at least a vector's length: as wide as registers allow, but never
     * leaving less than a vector, nor one vector if two strips of two are possible.
     */
    private static int width(int rest) {
        int max = VECTORS * W;
        if (rest <= max) {
            return rest;
        }
        return rest - max > W || (rest - max == W && VECTORS == 2) ? max : max - W;
    }

    private static void strip(
            int m,
            int row,
            int k,
            float[] a,
            int aAt,
            int aRow,
            int aColumn,
            float[] b,
            int bAt,
            float[] s,
            int sAt,
            int sRow,
            float[] c,
            int cAt,
            int width) {
        int i = 0;
        if (width > 2 * W) {
            for (; i + ROWS <= m; i += ROWS) {
                fiveByThree(
                        a,
                        aAt + i * aRow,
                        aRow,
                        aColumn,
                        b,
                        bAt,
                        row,
                        k,
                        s,
                        sAt + i * sRow,
                        sRow,
                        c,
                        cAt + i * row,
                        row,
                        W,
                        width - W);
            }
            for (; i < m; i++) {
                oneByThree(
                        a, aAt + i * aRow, aColumn, b, bAt, row, k, s, sAt + i * sRow, c, cAt + i * row, W, width - W);
            }
        } else if (width > W) {
            for (; i + ROWS <= m; i += ROWS) {
                fiveByTwo(
                        a,
                        aAt + i * aRow,
                        aRow,
                        aColumn,
                        b,
                        bAt,
                        row,
                        k,
                        s,
                        sAt + i * sRow,
                        sRow,
                        c,
                        cAt + i * row,
                        row,
                        width - W);
            }
            for (; i < m; i++) {
                oneByTwo(a, aAt + i * aRow, aColumn, b, bAt, row, k, s, sAt + i * sRow, c, cAt + i * row, width - W);
            }
        } else {
            for (; i + ROWS <= m; i += ROWS) {
                fiveByOne(
                        a,
                        aAt + i * aRow,
                        aRow,
                        aColumn,
                        b,
                        bAt,
                        row,
                        k,
                        s,
                        sAt + i * sRow,
                        sRow,
                        c,
                        cAt + i * row,
                        row);
            }
            for (; i < m; i++) {
                oneByOne(a, aAt + i * aRow, aColumn, b, bAt, row, k, s, sAt + i * sRow, c, cAt + i * row);
            }
        }
    }

    /**
     * Fewer columns than lanes: each row is computed in one vector whose last lanes hold garbage, which the next row
     * overwrites and the last row leaves after the end of c.
     */
    private static void narrow(
            int m,
            int row,
            int k,
            float[] a,
            int aAt,
            int aRow,
            int aColumn,
            float[] b,
            int bAt,
            float[] s,
            int sAt,
            int sRow,
            float[] c,
            int cAt) {
        int i = 0;
        for (; i + ROWS <= m; i += ROWS) {
            fiveByOne(a, aAt + i * aRow, aRow, aColumn, b, bAt, row, k, s, sAt + i * sRow, sRow, c, cAt + i * row, row);
        }
        for (; i < m; i++) {
            oneByOne(a, aAt + i * aRow, aColumn, b, bAt, row, k, s, sAt + i * sRow, c, cAt + i * row);
        }
    }

    /** One column, five rows at a time, so that five independent chains hide the latency of the multiply-adds. */
    private static void column(
            int m,
            int row,
            int k,
            float[] a,
            int aAt,
            int aRow,
            int aColumn,
            float[] b,
            int bAt,
            float[] s,
            int sAt,
            int sRow,
            float[] c,
            int cAt) {
        int i = 0;
        for (; i + ROWS <= m; i += ROWS) {
            int at = sAt + i * sRow;
            float c0 = s[at];
            float c1 = s[at + sRow];
            float c2 = s[at + 2 * sRow];
            float c3 = s[at + 3 * sRow];
            float c4 = s[at + 4 * sRow];
            int p = aAt + i * aRow;
            int q = bAt;
            for (int x = 0; x < k; x++) {
                float f = b[q];
                c0 = Math.fma(a[p], f, c0);
                c1 = Math.fma(a[p + aRow], f, c1);
                c2 = Math.fma(a[p + 2 * aRow], f, c2);
                c3 = Math.fma(a[p + 3 * aRow], f, c3);
                c4 = Math.fma(a[p + 4 * aRow], f, c4);
                p += aColumn;
                q += row;
            }
            at = cAt + i * row;
            c[at] = c0;
            c[at + row] = c1;
            c[at + 2 * row] = c2;
            c[at + 3 * row] = c3;
            c[at + 4 * row] = c4;
        }
        for (; i < m; i++) {
            float sum = s[sAt + i * sRow];
            for (int x = 0; x < k; x++) {
                sum = Math.fma(a[aAt + i * aRow + x * aColumn], b[bAt + x * row], sum);
            }
            c[cAt + i * row] = sum;
        }
    }

    private static void fiveByThree(
            float[] a,
            int aAt,
            int aRow,
            int aColumn,
            float[] b,
            int bAt,
            int bRow,
            int k,
            float[] s,
            int sAt,
            int sRow,
            float[] c,
            int cAt,
            int cRow,
            int second,
            int third) {
        FloatVector c00 = FloatVector.fromArray(S, s, sAt);
        FloatVector c01 = FloatVector.fromArray(S, s, sAt + second);
        FloatVector c02 = FloatVector.fromArray(S, s, sAt + third);
        FloatVector c10 = FloatVector.fromArray(S, s, sAt + sRow);
        FloatVector c11 = FloatVector.fromArray(S, s, sAt + sRow + second);
        FloatVector c12 = FloatVector.fromArray(S, s, sAt + sRow + third);
        FloatVector c20 = FloatVector.fromArray(S, s, sAt + 2 * sRow);
        FloatVector c21 = FloatVector.fromArray(S, s, sAt + 2 * sRow + second);
        FloatVector c22 = FloatVector.fromArray(S, s, sAt + 2 * sRow + third);
        FloatVector c30 = FloatVector.fromArray(S, s, sAt + 3 * sRow);
        FloatVector c31 = FloatVector.fromArray(S, s, sAt + 3 * sRow + second);
        FloatVector c32 = FloatVector.fromArray(S, s, sAt + 3 * sRow + third);
        FloatVector c40 = FloatVector.fromArray(S, s, sAt + 4 * sRow);
        FloatVector c41 = FloatVector.fromArray(S, s, sAt + 4 * sRow + second);
        FloatVector c42 = FloatVector.fromArray(S, s, sAt + 4 * sRow + third);
        int p = aAt;
        int q = bAt;
        for (int x = 0; x < k; x++) {
            FloatVector b0 = FloatVector.fromArray(S, b, q);
            FloatVector b1 = FloatVector.fromArray(S, b, q + second);
            FloatVector b2 = FloatVector.fromArray(S, b, q + third);
            FloatVector f = FloatVector.broadcast(S, a[p]);
            c00 = f.fma(b0, c00);
            c01 = f.fma(b1, c01);
            c02 = f.fma(b2, c02);
            f = FloatVector.broadcast(S, a[p + aRow]);
            c10 = f.fma(b0, c10);
            c11 = f.fma(b1, c11);
            c12 = f.fma(b2, c12);
            f = FloatVector.broadcast(S, a[p + 2 * aRow]);
            c20 = f.fma(b0, c20);
            c21 = f.fma(b1, c21);
            c22 = f.fma(b2, c22);
            f = FloatVector.broadcast(S, a[p + 3 * aRow]);
            c30 = f.fma(b0, c30);
            c31 = f.fma(b1, c31);
            c32 = f.fma(b2, c32);
            f = FloatVector.broadcast(S, a[p + 4 * aRow]);
            c40 = f.fma(b0, c40);
            c41 = f.fma(b1, c41);
            c42 = f.fma(b2, c42);
            p += aColumn;
            q += bRow;
        }
        c00.intoArray(c, cAt);
        c01.intoArray(c, cAt + second);
        c02.intoArray(c, cAt + third);
        c10.intoArray(c, cAt + cRow);
        c11.intoArray(c, cAt + cRow + second);
        c12.intoArray(c, cAt + cRow + third);
        c20.intoArray(c, cAt + 2 * cRow);
        c21.intoArray(c, cAt + 2 * cRow + second);
        c22.intoArray(c, cAt + 2 * cRow + third);
        c30.intoArray(c, cAt + 3 * cRow);
        c31.intoArray(c, cAt + 3 * cRow + second);
        c32.intoArray(c, cAt + 3 * cRow + third);
        c40.intoArray(c, cAt + 4 * cRow);
        c41.intoArray(c, cAt + 4 * cRow + second);
        c42.intoArray(c, cAt + 4 * cRow + third);
    }

    private static void fiveByTwo(
            float[] a,
            int aAt,
            int aRow,
            int aColumn,
            float[] b,
            int bAt,
            int bRow,
            int k,
            float[] s,
            int sAt,
            int sRow,
            float[] c,
            int cAt,
            int cRow,
            int second) {
        FloatVector c00 = FloatVector.fromArray(S, s, sAt);
        FloatVector c01 = FloatVector.fromArray(S, s, sAt + second);
        FloatVector c10 = FloatVector.fromArray(S, s, sAt + sRow);
        FloatVector c11 = FloatVector.fromArray(S, s, sAt + sRow + second);
        FloatVector c20 = FloatVector.fromArray(S, s, sAt + 2 * sRow);
        FloatVector c21 = FloatVector.fromArray(S, s, sAt + 2 * sRow + second);
        FloatVector c30 = FloatVector.fromArray(S, s, sAt + 3 * sRow);
        FloatVector c31 = FloatVector.fromArray(S, s, sAt + 3 * sRow + second);
        FloatVector c40 = FloatVector.fromArray(S, s, sAt + 4 * sRow);
        FloatVector c41 = FloatVector.fromArray(S, s, sAt + 4 * sRow + second);
        int p = aAt;
        int q = bAt;
        for (int x = 0; x < k; x++) {
            FloatVector b0 = FloatVector.fromArray(S, b, q);
            FloatVector b1 = FloatVector.fromArray(S, b, q + second);
            FloatVector f = FloatVector.broadcast(S, a[p]);
            c00 = f.fma(b0, c00);
            c01 = f.fma(b1, c01);
            f = FloatVector.broadcast(S, a[p + aRow]);
            c10 = f.fma(b0, c10);
            c11 = f.fma(b1, c11);
            f = FloatVector.broadcast(S, a[p + 2 * aRow]);
            c20 = f.fma(b0, c20);
            c21 = f.fma(b1, c21);
            f = FloatVector.broadcast(S, a[p + 3 * aRow]);
            c30 = f.fma(b0, c30);
            c31 = f.fma(b1, c31);
            f = FloatVector.broadcast(S, a[p + 4 * aRow]);
            c40 = f.fma(b0, c40);
            c41 = f.fma(b1, c41);
            p += aColumn;
            q += bRow;
        }
        c00.intoArray(c, cAt);
        c01.intoArray(c, cAt + second);
        c10.intoArray(c, cAt + cRow);
        c11.intoArray(c, cAt + cRow + second);
        c20.intoArray(c, cAt + 2 * cRow);
        c21.intoArray(c, cAt + 2 * cRow + second);
        c30.intoArray(c, cAt + 3 * cRow);
        c31.intoArray(c, cAt + 3 * cRow + second);
        c40.intoArray(c, cAt + 4 * cRow);
        c41.intoArray(c, cAt + 4 * cRow + second);
    }

    private static void fiveByOne(
            float[] a,
            int aAt,
            int aRow,
            int aColumn,
            float[] b,
            int bAt,
            int bRow,
            int k,
            float[] s,
            int sAt,
            int sRow,
            float[] c,
            int cAt,
            int cRow) {
        FloatVector c00 = FloatVector.fromArray(S, s, sAt);
        FloatVector c10 = FloatVector.fromArray(S, s, sAt + sRow);
        FloatVector c20 = FloatVector.fromArray(S, s, sAt + 2 * sRow);
        FloatVector c30 = FloatVector.fromArray(S, s, sAt + 3 * sRow);
        FloatVector c40 = FloatVector.fromArray(S, s, sAt + 4 * sRow);
        int p = aAt;
        int q = bAt;
        for (int x = 0; x < k; x++) {
            FloatVector b0 = FloatVector.fromArray(S, b, q);
            FloatVector f = FloatVector.broadcast(S, a[p]);
            c00 = f.fma(b0, c00);
            f = FloatVector.broadcast(S, a[p + aRow]);
            c10 = f.fma(b0, c10);
            f = FloatVector.broadcast(S, a[p + 2 * aRow]);
            c20 = f.fma(b0, c20);
            f = FloatVector.broadcast(S, a[p + 3 * aRow]);
            c30 = f.fma(b0, c30);
            f = FloatVector.broadcast(S, a[p + 4 * aRow]);
            c40 = f.fma(b0, c40);
            p += aColumn;
            q += bRow;
        }
        c00.intoArray(c, cAt);
        c10.intoArray(c, cAt + cRow);
        c20.intoArray(c, cAt + 2 * cRow);
        c30.intoArray(c, cAt + 3 * cRow);
        c40.intoArray(c, cAt + 4 * cRow);
    }

    private static void oneByThree(
            float[] a,
            int aAt,
            int aColumn,
            float[] b,
            int bAt,
            int bRow,
            int k,
            float[] s,
            int sAt,
            float[] c,
            int cAt,
            int second,
            int third) {
        FloatVector c00 = FloatVector.fromArray(S, s, sAt);
        FloatVector c01 = FloatVector.fromArray(S, s, sAt + second);
        FloatVector c02 = FloatVector.fromArray(S, s, sAt + third);
        int p = aAt;
        int q = bAt;
        for (int x = 0; x < k; x++) {
            FloatVector b0 = FloatVector.fromArray(S, b, q);
            FloatVector b1 = FloatVector.fromArray(S, b, q + second);
            FloatVector b2 = FloatVector.fromArray(S, b, q + third);
            FloatVector f = FloatVector.broadcast(S, a[p]);
            c00 = f.fma(b0, c00);
            c01 = f.fma(b1, c01);
            c02 = f.fma(b2, c02);
            p += aColumn;
            q += bRow;
        }
        c00.intoArray(c, cAt);
        c01.intoArray(c, cAt + second);
        c02.intoArray(c, cAt + third);
    }

    private static void oneByTwo(
            float[] a,
            int aAt,
            int aColumn,
            float[] b,
            int bAt,
            int bRow,
            int k,
            float[] s,
            int sAt,
            float[] c,
            int cAt,
            int second) {
        FloatVector c00 = FloatVector.fromArray(S, s, sAt);
        FloatVector c01 = FloatVector.fromArray(S, s, sAt + second);
        int p = aAt;
        int q = bAt;
        for (int x = 0; x < k; x++) {
            FloatVector b0 = FloatVector.fromArray(S, b, q);
            FloatVector b1 = FloatVector.fromArray(S, b, q + second);
            FloatVector f = FloatVector.broadcast(S, a[p]);
            c00 = f.fma(b0, c00);
            c01 = f.fma(b1, c01);
            p += aColumn;
            q += bRow;
        }
        c00.intoArray(c, cAt);
        c01.intoArray(c, cAt + second);
    }

    private static void oneByOne(
            float[] a,
            int aAt,
            int aColumn,
            float[] b,
            int bAt,
            int bRow,
            int k,
            float[] s,
            int sAt,
            float[] c,
            int cAt) {
        FloatVector c00 = FloatVector.fromArray(S, s, sAt);
        int p = aAt;
        int q = bAt;
        for (int x = 0; x < k; x++) {
            FloatVector b0 = FloatVector.fromArray(S, b, q);
            FloatVector f = FloatVector.broadcast(S, a[p]);
            c00 = f.fma(b0, c00);
            p += aColumn;
            q += bRow;
        }
        c00.intoArray(c, cAt);
    }
}
