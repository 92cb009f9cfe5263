package dev.kindling.job.backend.vector;

/**
 * Kernels of matrix products in plain Java, with the arguments and the bits of {@link FloatMatmul}: each element is the same
 * chain of fused multiply-adds. Large products are computed by {@link FloatScalarPanels}, all others in tiles of local variables:
 * C2 spends short loops in the iterations that it adds before and after the vectors, while ten chains in registers keep both
 * units of a processor busy that multiply and add.
 */
final class FloatScalarMatmul {
    private static final int LANES = FloatLanes.LANES;

    private static final int ROWS = FloatLanes.DOT_ROWS;

    /** Columns of a tile of one row. */
    private static final int EIGHT = 8;

    private FloatScalarMatmul() {}

    /** d = a·bᵀ; see {@link FloatMatmul}. */
    static void dots(int m, int n, int k, float[] a, int aAt, float[] b, int bAt, float[] d, int dAt, float[] lanes) {
        for (int j = 0; j < n; j++) {
            for (int i = 0; i < m; i++) {
                for (int lane = 0; lane < LANES; lane += EIGHT) {
                    eightLanes(k - k % LANES, a, aAt + i * k + lane, b, bAt + j * k + lane, lanes, lane);
                }
                d[dAt + i * n + j] = FloatLanes.finishDot(k, a, aAt + i * k, b, bAt + j * k, lanes, 0);
            }
        }
    }

    private static void eightLanes(int k, float[] a, int aAt, float[] b, int bAt, float[] lanes, int lane) {
        float c0 = 0f;
        float c1 = 0f;
        float c2 = 0f;
        float c3 = 0f;
        float c4 = 0f;
        float c5 = 0f;
        float c6 = 0f;
        float c7 = 0f;
        for (int x = 0; x < k; x += LANES) {
            int p = aAt + x;
            int q = bAt + x;
            c0 = Math.fma(a[p], b[q], c0);
            c1 = Math.fma(a[p + 1], b[q + 1], c1);
            c2 = Math.fma(a[p + 2], b[q + 2], c2);
            c3 = Math.fma(a[p + 3], b[q + 3], c3);
            c4 = Math.fma(a[p + 4], b[q + 4], c4);
            c5 = Math.fma(a[p + 5], b[q + 5], c5);
            c6 = Math.fma(a[p + 6], b[q + 6], c6);
            c7 = Math.fma(a[p + 7], b[q + 7], c7);
        }
        lanes[lane] = c0;
        lanes[lane + 1] = c1;
        lanes[lane + 2] = c2;
        lanes[lane + 3] = c3;
        lanes[lane + 4] = c4;
        lanes[lane + 5] = c5;
        lanes[lane + 6] = c6;
        lanes[lane + 7] = c7;
    }

    /** c = s + a·b; see {@link FloatMatmul}. */
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

    /** The same over some columns of wider matrices, whose rows are {@code row} elements apart. */
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
        if (FloatScalarPanels.columnsFit(m, n, k)) {
            FloatScalarPanels.columns(m, n, k, row, a, aAt, aRow, aColumn, b, bAt, s, sAt, sRow, c, cAt);
        } else if (FloatScalarPanels.rowsFit(m, n, k)) {
            FloatScalarPanels.rows(m, n, k, row, a, aAt, aRow, aColumn, b, bAt, s, sAt, sRow, c, cAt);
        } else {
            tiles(m, n, k, row, a, aAt, aRow, aColumn, b, bAt, s, sAt, sRow, c, cAt);
        }
    }

    private static void tiles(
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
        int i = 0;
        for (; i + ROWS <= m; i += ROWS) {
            int p = aAt + i * aRow;
            int from = sAt + i * sRow;
            int to = cAt + i * row;
            int j = 0;
            for (; j + 2 <= n; j += 2) {
                fiveByTwo(k, row, a, p, aRow, aColumn, b, bAt + j, s, from + j, sRow, c, to + j);
            }
            if (j < n) {
                fiveByOne(k, row, a, p, aRow, aColumn, b, bAt + j, s, from + j, sRow, c, to + j);
            }
        }
        for (; i < m; i++) {
            int p = aAt + i * aRow;
            int from = sAt + i * sRow;
            int to = cAt + i * row;
            int j = 0;
            for (; j + EIGHT <= n; j += EIGHT) {
                oneByEight(k, row, a, p, aColumn, b, bAt + j, s, from + j, c, to + j);
            }
            for (; j < n; j++) {
                oneByOne(k, row, a, p, aColumn, b, bAt + j, s, from + j, c, to + j);
            }
        }
    }

    private static void fiveByTwo(
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
        float c00 = s[sAt];
        float c01 = s[sAt + 1];
        float c10 = s[sAt + sRow];
        float c11 = s[sAt + sRow + 1];
        float c20 = s[sAt + 2 * sRow];
        float c21 = s[sAt + 2 * sRow + 1];
        float c30 = s[sAt + 3 * sRow];
        float c31 = s[sAt + 3 * sRow + 1];
        float c40 = s[sAt + 4 * sRow];
        float c41 = s[sAt + 4 * sRow + 1];
        int p = aAt;
        int q = bAt;
        for (int x = 0; x < k; x++) {
            float b0 = b[q];
            float b1 = b[q + 1];
            float f = a[p];
            c00 = Math.fma(f, b0, c00);
            c01 = Math.fma(f, b1, c01);
            f = a[p + aRow];
            c10 = Math.fma(f, b0, c10);
            c11 = Math.fma(f, b1, c11);
            f = a[p + 2 * aRow];
            c20 = Math.fma(f, b0, c20);
            c21 = Math.fma(f, b1, c21);
            f = a[p + 3 * aRow];
            c30 = Math.fma(f, b0, c30);
            c31 = Math.fma(f, b1, c31);
            f = a[p + 4 * aRow];
            c40 = Math.fma(f, b0, c40);
            c41 = Math.fma(f, b1, c41);
            p += aColumn;
            q += row;
        }
        c[cAt] = c00;
        c[cAt + 1] = c01;
        c[cAt + row] = c10;
        c[cAt + row + 1] = c11;
        c[cAt + 2 * row] = c20;
        c[cAt + 2 * row + 1] = c21;
        c[cAt + 3 * row] = c30;
        c[cAt + 3 * row + 1] = c31;
        c[cAt + 4 * row] = c40;
        c[cAt + 4 * row + 1] = c41;
    }

    private static void fiveByOne(
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
        float c0 = s[sAt];
        float c1 = s[sAt + sRow];
        float c2 = s[sAt + 2 * sRow];
        float c3 = s[sAt + 3 * sRow];
        float c4 = s[sAt + 4 * sRow];
        int p = aAt;
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
        c[cAt] = c0;
        c[cAt + row] = c1;
        c[cAt + 2 * row] = c2;
        c[cAt + 3 * row] = c3;
        c[cAt + 4 * row] = c4;
    }

    private static void oneByEight(
            int k,
            int row,
            float[] a,
            int aAt,
            int aColumn,
            float[] b,
            int bAt,
            float[] s,
            int sAt,
            float[] c,
            int cAt) {
        float c0 = s[sAt];
        float c1 = s[sAt + 1];
        float c2 = s[sAt + 2];
        float c3 = s[sAt + 3];
        float c4 = s[sAt + 4];
        float c5 = s[sAt + 5];
        float c6 = s[sAt + 6];
        float c7 = s[sAt + 7];
        int p = aAt;
        int q = bAt;
        for (int x = 0; x < k; x++) {
            float f = a[p];
            c0 = Math.fma(f, b[q], c0);
            c1 = Math.fma(f, b[q + 1], c1);
            c2 = Math.fma(f, b[q + 2], c2);
            c3 = Math.fma(f, b[q + 3], c3);
            c4 = Math.fma(f, b[q + 4], c4);
            c5 = Math.fma(f, b[q + 5], c5);
            c6 = Math.fma(f, b[q + 6], c6);
            c7 = Math.fma(f, b[q + 7], c7);
            p += aColumn;
            q += row;
        }
        c[cAt] = c0;
        c[cAt + 1] = c1;
        c[cAt + 2] = c2;
        c[cAt + 3] = c3;
        c[cAt + 4] = c4;
        c[cAt + 5] = c5;
        c[cAt + 6] = c6;
        c[cAt + 7] = c7;
    }

    private static void oneByOne(
            int k,
            int row,
            float[] a,
            int aAt,
            int aColumn,
            float[] b,
            int bAt,
            float[] s,
            int sAt,
            float[] c,
            int cAt) {
        float sum = s[sAt];
        for (int x = 0; x < k; x++) {
            sum = Math.fma(a[aAt + x * aColumn], b[bAt + x * row], sum);
        }
        c[cAt] = sum;
    }
}
