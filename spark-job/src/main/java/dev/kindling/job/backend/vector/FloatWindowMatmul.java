package dev.kindling.job.backend.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernels of implicit-GEMM convolution: products whose operands are addressed through a {@link WindowIndexTable},
 * d[i] = s[i] + Σ over x of a(i, x)·b[x], where a(i, x) is a scalar and b[x] a row. All three convolutions are such products,
 * so that no im2col matrix is materialised. Vector lanes run over the row, which is the output channels, so that they are
 * full even for images of 2 x 2.
 *
 * <p>Each element is one chain of fused multiply-adds with x ascending, independent of the register width and of the
 * division of rows into blocks, so that results are bitwise identical on all machines. The last block repeats the last row
 * until it is full, which writes the same values again. {@link FloatMatmul} explains why the blocks are unrolled by hand.
 */
final class FloatWindowMatmul {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int W = S.length();
    /** Six rows of four vectors and their operands fit 32 registers; six rows of two fit 16. */
    private static final boolean WIDE = S.vectorBitSize() == 512;

    private static final int SIX = 6;

    private FloatWindowMatmul() {}

    /**
     * Computes d = s + a·b.
     *
     * @param n length of a row of b, s and d
     * @param starts for each row of d, the offset of its row of s; s may be d itself
     */
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
        if (n < W) {
            scalar(t, n, a, aAt, b, bAt, s, sAt, starts, d, dAt);
            return;
        }
        if (FloatPackedMatmul.fitsWindows(t.rows().length, n, t.columns().length)) {
            FloatPackedMatmul.windows(t, n, a, aAt, b, bAt, s, sAt, starts, d, dAt);
            return;
        }
        int j = 0;
        while (j < n) {
            int width = width(n - j);
            strip(t, a, aAt, b, bAt + j, s, sAt + j, starts, d, dAt + j, width);
            j += width;
        }
    }

    /**
     * Columns of the next strip: as many as registers allow, but never leaving less than a vector. If they do not fill the
     * vectors, some are computed twice, by overlapping vectors.
     */
    private static int width(int rest) {
        int max = WIDE ? 4 * W : 2 * W;
        if (rest <= max) {
            return rest;
        }
        return rest - max >= W ? max : max - W;
    }

    private static void strip(
            WindowIndexTable t,
            float[] a,
            int aAt,
            float[] b,
            int bAt,
            float[] s,
            int sAt,
            int[] starts,
            float[] d,
            int dAt,
            int width) {
        int m = t.rows().length;
        if (width > 2 * W) {
            int third = Math.min(2 * W, width - W);
            for (int i = 0; i < m; i += SIX) {
                sixByFour(t, i, a, aAt, b, bAt, s, sAt, starts, d, dAt, W, third, width - W);
            }
        } else if (width > W) {
            for (int i = 0; i < m; i += SIX) {
                sixByTwo(t, i, a, aAt, b, bAt, s, sAt, starts, d, dAt, width - W);
            }
        } else {
            for (int i = 0; i < m; i += SIX) {
                sixByOne(t, i, a, aAt, b, bAt, s, sAt, starts, d, dAt);
            }
        }
    }

    /** Rows shorter than a vector: the same chains, element by element. */
    private static void scalar(
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
        int[] columns = t.columns();
        for (int i = 0; i < t.rows().length; i++) {
            int p = aAt + t.rows()[i];
            for (int j = 0; j < n; j++) {
                float sum = s[sAt + starts[i] + j];
                for (int x = 0; x < columns.length; x++) {
                    sum = Math.fma(a[p + columns[x]], b[bAt + t.bRows()[x] + j], sum);
                }
                d[dAt + t.targets()[i] + j] = sum;
            }
        }
    }

    /** Six rows of four vectors. */
    private static void sixByFour(
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
            int dAt,
            int second,
            int third,
            int fourth) {
        int[] rows = t.rows();
        int last = rows.length - 1;
        int i1 = Math.min(i + 1, last);
        int i2 = Math.min(i + 2, last);
        int i3 = Math.min(i + 3, last);
        int i4 = Math.min(i + 4, last);
        int i5 = Math.min(i + 5, last);
        int p0 = aAt + rows[i];
        int p1 = aAt + rows[i1];
        int p2 = aAt + rows[i2];
        int p3 = aAt + rows[i3];
        int p4 = aAt + rows[i4];
        int p5 = aAt + rows[i5];
        int s0 = sAt + starts[i];
        int s1 = sAt + starts[i1];
        int s2 = sAt + starts[i2];
        int s3 = sAt + starts[i3];
        int s4 = sAt + starts[i4];
        int s5 = sAt + starts[i5];
        FloatVector c00 = FloatVector.fromArray(S, s, s0);
        FloatVector c01 = FloatVector.fromArray(S, s, s0 + second);
        FloatVector c02 = FloatVector.fromArray(S, s, s0 + third);
        FloatVector c03 = FloatVector.fromArray(S, s, s0 + fourth);
        FloatVector c10 = FloatVector.fromArray(S, s, s1);
        FloatVector c11 = FloatVector.fromArray(S, s, s1 + second);
        FloatVector c12 = FloatVector.fromArray(S, s, s1 + third);
        FloatVector c13 = FloatVector.fromArray(S, s, s1 + fourth);
        FloatVector c20 = FloatVector.fromArray(S, s, s2);
        FloatVector c21 = FloatVector.fromArray(S, s, s2 + second);
        FloatVector c22 = FloatVector.fromArray(S, s, s2 + third);
        FloatVector c23 = FloatVector.fromArray(S, s, s2 + fourth);
        FloatVector c30 = FloatVector.fromArray(S, s, s3);
        FloatVector c31 = FloatVector.fromArray(S, s, s3 + second);
        FloatVector c32 = FloatVector.fromArray(S, s, s3 + third);
        FloatVector c33 = FloatVector.fromArray(S, s, s3 + fourth);
        FloatVector c40 = FloatVector.fromArray(S, s, s4);
        FloatVector c41 = FloatVector.fromArray(S, s, s4 + second);
        FloatVector c42 = FloatVector.fromArray(S, s, s4 + third);
        FloatVector c43 = FloatVector.fromArray(S, s, s4 + fourth);
        FloatVector c50 = FloatVector.fromArray(S, s, s5);
        FloatVector c51 = FloatVector.fromArray(S, s, s5 + second);
        FloatVector c52 = FloatVector.fromArray(S, s, s5 + third);
        FloatVector c53 = FloatVector.fromArray(S, s, s5 + fourth);
        int[] columns = t.columns();
        int[] bRows = t.bRows();
        for (int x = 0; x < columns.length; x++) {
            int p = columns[x];
            int q = bAt + bRows[x];
            FloatVector b0 = FloatVector.fromArray(S, b, q);
            FloatVector b1 = FloatVector.fromArray(S, b, q + second);
            FloatVector b2 = FloatVector.fromArray(S, b, q + third);
            FloatVector b3 = FloatVector.fromArray(S, b, q + fourth);
            FloatVector f = FloatVector.broadcast(S, a[p0 + p]);
            c00 = f.fma(b0, c00);
            c01 = f.fma(b1, c01);
            c02 = f.fma(b2, c02);
            c03 = f.fma(b3, c03);
            f = FloatVector.broadcast(S, a[p1 + p]);
            c10 = f.fma(b0, c10);
            c11 = f.fma(b1, c11);
            c12 = f.fma(b2, c12);
            c13 = f.fma(b3, c13);
            f = FloatVector.broadcast(S, a[p2 + p]);
            c20 = f.fma(b0, c20);
            c21 = f.fma(b1, c21);
            c22 = f.fma(b2, c22);
            c23 = f.fma(b3, c23);
            f = FloatVector.broadcast(S, a[p3 + p]);
            c30 = f.fma(b0, c30);
            c31 = f.fma(b1, c31);
            c32 = f.fma(b2, c32);
            c33 = f.fma(b3, c33);
            f = FloatVector.broadcast(S, a[p4 + p]);
            c40 = f.fma(b0, c40);
            c41 = f.fma(b1, c41);
            c42 = f.fma(b2, c42);
            c43 = f.fma(b3, c43);
            f = FloatVector.broadcast(S, a[p5 + p]);
            c50 = f.fma(b0, c50);
            c51 = f.fma(b1, c51);
            c52 = f.fma(b2, c52);
            c53 = f.fma(b3, c53);
        }
        int[] targets = t.targets();
        int d0 = dAt + targets[i];
        int d1 = dAt + targets[i1];
        int d2 = dAt + targets[i2];
        int d3 = dAt + targets[i3];
        int d4 = dAt + targets[i4];
        int d5 = dAt + targets[i5];
        c00.intoArray(d, d0);
        c01.intoArray(d, d0 + second);
        c02.intoArray(d, d0 + third);
        c03.intoArray(d, d0 + fourth);
        c10.intoArray(d, d1);
        c11.intoArray(d, d1 + second);
        c12.intoArray(d, d1 + third);
        c13.intoArray(d, d1 + fourth);
        c20.intoArray(d, d2);
        c21.intoArray(d, d2 + second);
        c22.intoArray(d, d2 + third);
        c23.intoArray(d, d2 + fourth);
        c30.intoArray(d, d3);
        c31.intoArray(d, d3 + second);
        c32.intoArray(d, d3 + third);
        c33.intoArray(d, d3 + fourth);
        c40.intoArray(d, d4);
        c41.intoArray(d, d4 + second);
        c42.intoArray(d, d4 + third);
        c43.intoArray(d, d4 + fourth);
        c50.intoArray(d, d5);
        c51.intoArray(d, d5 + second);
        c52.intoArray(d, d5 + third);
        c53.intoArray(d, d5 + fourth);
    }

    /** Six rows of two vectors. */
    private static void sixByTwo(
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
            int dAt,
            int second) {
        int[] rows = t.rows();
        int last = rows.length - 1;
        int i1 = Math.min(i + 1, last);
        int i2 = Math.min(i + 2, last);
        int i3 = Math.min(i + 3, last);
        int i4 = Math.min(i + 4, last);
        int i5 = Math.min(i + 5, last);
        int p0 = aAt + rows[i];
        int p1 = aAt + rows[i1];
        int p2 = aAt + rows[i2];
        int p3 = aAt + rows[i3];
        int p4 = aAt + rows[i4];
        int p5 = aAt + rows[i5];
        int s0 = sAt + starts[i];
        int s1 = sAt + starts[i1];
        int s2 = sAt + starts[i2];
        int s3 = sAt + starts[i3];
        int s4 = sAt + starts[i4];
        int s5 = sAt + starts[i5];
        FloatVector c00 = FloatVector.fromArray(S, s, s0);
        FloatVector c01 = FloatVector.fromArray(S, s, s0 + second);
        FloatVector c10 = FloatVector.fromArray(S, s, s1);
        FloatVector c11 = FloatVector.fromArray(S, s, s1 + second);
        FloatVector c20 = FloatVector.fromArray(S, s, s2);
        FloatVector c21 = FloatVector.fromArray(S, s, s2 + second);
        FloatVector c30 = FloatVector.fromArray(S, s, s3);
        FloatVector c31 = FloatVector.fromArray(S, s, s3 + second);
        FloatVector c40 = FloatVector.fromArray(S, s, s4);
        FloatVector c41 = FloatVector.fromArray(S, s, s4 + second);
        FloatVector c50 = FloatVector.fromArray(S, s, s5);
        FloatVector c51 = FloatVector.fromArray(S, s, s5 + second);
        int[] columns = t.columns();
        int[] bRows = t.bRows();
        for (int x = 0; x < columns.length; x++) {
            int p = columns[x];
            int q = bAt + bRows[x];
            FloatVector b0 = FloatVector.fromArray(S, b, q);
            FloatVector b1 = FloatVector.fromArray(S, b, q + second);
            FloatVector f = FloatVector.broadcast(S, a[p0 + p]);
            c00 = f.fma(b0, c00);
            c01 = f.fma(b1, c01);
            f = FloatVector.broadcast(S, a[p1 + p]);
            c10 = f.fma(b0, c10);
            c11 = f.fma(b1, c11);
            f = FloatVector.broadcast(S, a[p2 + p]);
            c20 = f.fma(b0, c20);
            c21 = f.fma(b1, c21);
            f = FloatVector.broadcast(S, a[p3 + p]);
            c30 = f.fma(b0, c30);
            c31 = f.fma(b1, c31);
            f = FloatVector.broadcast(S, a[p4 + p]);
            c40 = f.fma(b0, c40);
            c41 = f.fma(b1, c41);
            f = FloatVector.broadcast(S, a[p5 + p]);
            c50 = f.fma(b0, c50);
            c51 = f.fma(b1, c51);
        }
        int[] targets = t.targets();
        int d0 = dAt + targets[i];
        int d1 = dAt + targets[i1];
        int d2 = dAt + targets[i2];
        int d3 = dAt + targets[i3];
        int d4 = dAt + targets[i4];
        int d5 = dAt + targets[i5];
        c00.intoArray(d, d0);
        c01.intoArray(d, d0 + second);
        c10.intoArray(d, d1);
        c11.intoArray(d, d1 + second);
        c20.intoArray(d, d2);
        c21.intoArray(d, d2 + second);
        c30.intoArray(d, d3);
        c31.intoArray(d, d3 + second);
        c40.intoArray(d, d4);
        c41.intoArray(d, d4 + second);
        c50.intoArray(d, d5);
        c51.intoArray(d, d5 + second);
    }

    /** Six rows of one vector. */
    private static void sixByOne(
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
        int i5 = Math.min(i + 5, last);
        int p0 = aAt + rows[i];
        int p1 = aAt + rows[i1];
        int p2 = aAt + rows[i2];
        int p3 = aAt + rows[i3];
        int p4 = aAt + rows[i4];
        int p5 = aAt + rows[i5];
        int s0 = sAt + starts[i];
        int s1 = sAt + starts[i1];
        int s2 = sAt + starts[i2];
        int s3 = sAt + starts[i3];
        int s4 = sAt + starts[i4];
        int s5 = sAt + starts[i5];
        FloatVector c00 = FloatVector.fromArray(S, s, s0);
        FloatVector c10 = FloatVector.fromArray(S, s, s1);
        FloatVector c20 = FloatVector.fromArray(S, s, s2);
        FloatVector c30 = FloatVector.fromArray(S, s, s3);
        FloatVector c40 = FloatVector.fromArray(S, s, s4);
        FloatVector c50 = FloatVector.fromArray(S, s, s5);
        int[] columns = t.columns();
        int[] bRows = t.bRows();
        for (int x = 0; x < columns.length; x++) {
            int p = columns[x];
            int q = bAt + bRows[x];
            FloatVector b0 = FloatVector.fromArray(S, b, q);
            FloatVector f = FloatVector.broadcast(S, a[p0 + p]);
            c00 = f.fma(b0, c00);
            f = FloatVector.broadcast(S, a[p1 + p]);
            c10 = f.fma(b0, c10);
            f = FloatVector.broadcast(S, a[p2 + p]);
            c20 = f.fma(b0, c20);
            f = FloatVector.broadcast(S, a[p3 + p]);
            c30 = f.fma(b0, c30);
            f = FloatVector.broadcast(S, a[p4 + p]);
            c40 = f.fma(b0, c40);
            f = FloatVector.broadcast(S, a[p5 + p]);
            c50 = f.fma(b0, c50);
        }
        int[] targets = t.targets();
        int d0 = dAt + targets[i];
        int d1 = dAt + targets[i1];
        int d2 = dAt + targets[i2];
        int d3 = dAt + targets[i3];
        int d4 = dAt + targets[i4];
        int d5 = dAt + targets[i5];
        c00.intoArray(d, d0);
        c10.intoArray(d, d1);
        c20.intoArray(d, d2);
        c30.intoArray(d, d3);
        c40.intoArray(d, d4);
        c50.intoArray(d, d5);
    }
}
