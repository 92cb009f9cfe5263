package dev.kindling.job.backend.vector;

/**
 * Kernels of implicit-GEMM convolution in plain Java, with the arguments and the bits of {@link FloatWindowMatmul}: each
 * element is the same chain of fused multiply-adds. Large ones are computed by {@link FloatScalarPanels}; others in tiles of five
 * rows of two columns, as in {@link FloatScalarMatmul}, of which the last repeats the last row until it is full.
 */
final class FloatScalarWindowMatmul {
    private static final int ROWS = 5;

    private FloatScalarWindowMatmul() {}

    /** d = s + a·b; see {@link FloatWindowMatmul}. */
    static void multiply(
            WindowIndexTable t,
            int n,
            float[] a,
            int aAt,
            float[] b,
            int bAt,
            float[] s,
            int sAt,
            int[] starts,
            float[] d,
            int dAt) {
        if (FloatScalarPanels.rowsFit(t.rows().length, n, t.columns().length)) {
            FloatScalarPanels.windows(t, n, a, aAt, b, bAt, s, sAt, starts, d, dAt);
            return;
        }
        for (int i = 0; i < t.rows().length; i += ROWS) {
            int j = 0;
            for (; j + 2 <= n; j += 2) {
                fiveByTwo(t, i, a, aAt, b, bAt + j, s, sAt + j, starts, d, dAt + j);
            }
            if (j < n) {
                fiveByOne(t, i, a, aAt, b, bAt + j, s, sAt + j, starts, d, dAt + j);
            }
        }
    }

    private static void fiveByTwo(
            WindowIndexTable t,
            int i,
            float[] a,
            int aAt,
            float[] b,
            int bAt,
            float[] s,
            int sAt,
            int[] starts,
            float[] d,
            int dAt) {
        int[] rows = t.rows();
        int last = rows.length - 1;
        int i1 = Math.min(i + 1, last);
        int i2 = Math.min(i + 2, last);
        int i3 = Math.min(i + 3, last);
        int i4 = Math.min(i + 4, last);
        int p0 = aAt + rows[i];
        int p1 = aAt + rows[i1];
        int p2 = aAt + rows[i2];
        int p3 = aAt + rows[i3];
        int p4 = aAt + rows[i4];
        float c00 = s[sAt + starts[i]];
        float c01 = s[sAt + starts[i] + 1];
        float c10 = s[sAt + starts[i1]];
        float c11 = s[sAt + starts[i1] + 1];
        float c20 = s[sAt + starts[i2]];
        float c21 = s[sAt + starts[i2] + 1];
        float c30 = s[sAt + starts[i3]];
        float c31 = s[sAt + starts[i3] + 1];
        float c40 = s[sAt + starts[i4]];
        float c41 = s[sAt + starts[i4] + 1];
        int[] columns = t.columns();
        int[] bRows = t.bRows();
        for (int x = 0; x < columns.length; x++) {
            int p = columns[x];
            int q = bAt + bRows[x];
            float b0 = b[q];
            float b1 = b[q + 1];
            float f = a[p0 + p];
            c00 = Math.fma(f, b0, c00);
            c01 = Math.fma(f, b1, c01);
            f = a[p1 + p];
            c10 = Math.fma(f, b0, c10);
            c11 = Math.fma(f, b1, c11);
            f = a[p2 + p];
            c20 = Math.fma(f, b0, c20);
            c21 = Math.fma(f, b1, c21);
            f = a[p3 + p];
            c30 = Math.fma(f, b0, c30);
            c31 = Math.fma(f, b1, c31);
            f = a[p4 + p];
            c40 = Math.fma(f, b0, c40);
            c41 = Math.fma(f, b1, c41);
        }
        int[] targets = t.targets();
        d[dAt + targets[i]] = c00;
        d[dAt + targets[i] + 1] = c01;
        d[dAt + targets[i1]] = c10;
        d[dAt + targets[i1] + 1] = c11;
        d[dAt + targets[i2]] = c20;
        d[dAt + targets[i2] + 1] = c21;
        d[dAt + targets[i3]] = c30;
        d[dAt + targets[i3] + 1] = c31;
        d[dAt + targets[i4]] = c40;
        d[dAt + targets[i4] + 1] = c41;
    }

    private static void fiveByOne(
            WindowIndexTable t,
            int i,
            float[] a,
            int aAt,
            float[] b,
            int bAt,
            float[] s,
            int sAt,
            int[] starts,
            float[] d,
            int dAt) {
        int[] rows = t.rows();
        int last = rows.length - 1;
        int i1 = Math.min(i + 1, last);
        int i2 = Math.min(i + 2, last);
        int i3 = Math.min(i + 3, last);
        int i4 = Math.min(i + 4, last);
        int p0 = aAt + rows[i];
        int p1 = aAt + rows[i1];
        int p2 = aAt + rows[i2];
        int p3 = aAt + rows[i3];
        int p4 = aAt + rows[i4];
        float c0 = s[sAt + starts[i]];
        float c1 = s[sAt + starts[i1]];
        float c2 = s[sAt + starts[i2]];
        float c3 = s[sAt + starts[i3]];
        float c4 = s[sAt + starts[i4]];
        int[] columns = t.columns();
        int[] bRows = t.bRows();
        for (int x = 0; x < columns.length; x++) {
            int p = columns[x];
            float f = b[bAt + bRows[x]];
            c0 = Math.fma(a[p0 + p], f, c0);
            c1 = Math.fma(a[p1 + p], f, c1);
            c2 = Math.fma(a[p2 + p], f, c2);
            c3 = Math.fma(a[p3 + p], f, c3);
            c4 = Math.fma(a[p4 + p], f, c4);
        }
        int[] targets = t.targets();
        d[dAt + targets[i]] = c0;
        d[dAt + targets[i1]] = c1;
        d[dAt + targets[i2]] = c2;
        d[dAt + targets[i3]] = c3;
        d[dAt + targets[i4]] = c4;
    }
}
