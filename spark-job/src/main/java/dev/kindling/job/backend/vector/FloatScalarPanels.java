package dev.kindling.job.backend.vector;

import java.util.Arrays;

/**
 * Products of large extents in plain Java: loops that C2 vectorises, over buffers of one thread. One extent of the result, the
 * wide one, is divided into panels of {@link #WIDTH} elements; the other into groups of {@link #ROWS}. Each element is one
 * chain of fused multiply-adds in the order of the products, as in {@link FloatScalarMatmul}.
 *
 * <p>C2 of Java 17 vectorises a loop over several arrays only if each is another object, because rows of one array might
 * overlap, and such a loop is fast only if its trip count is a constant, large against the iterations that align it. So
 * operands are copied into arrays of their own, all of the same length; elements after the end of the wide extent are garbage.
 */
final class FloatScalarPanels {
    private static final ThreadLocal<FloatScalarPanels> OF_THREAD = ThreadLocal.withInitial(FloatScalarPanels::new);

    /** Elements of a panel's rows. */
    private static final int WIDTH = 128;

    /** Rows of a panel, so that it stays in the second-level cache; products over more are continued from the result. */
    private static final int DEPTH = 512;

    /** Rows of the result that are computed at once: a few-shot batch is often a multiple of five. */
    private static final int ROWS = 5;

    private final float[][] panel = new float[DEPTH][WIDTH];
    private final float[][] sums = new float[ROWS][WIDTH];
    /** Offsets of the panel's columns in the wide operand, in the start and in the result. */
    private final int[] wideOffsets = new int[WIDTH];

    private final int[] startOffsets = new int[WIDTH];
    private final int[] resultOffsets = new int[WIDTH];
    /** Offsets of each product's elements in the wide operand and in the other. */
    private int[] wideProducts = new int[DEPTH];

    private int[] narrowProducts = new int[DEPTH];

    private FloatScalarPanels() {}

    /** Whether panels of columns are faster than tiles: they must be half full, and copied for enough rows. */
    static boolean columnsFit(int m, int n, int k) {
        return n >= WIDTH / 2 && m > ROWS / 2 && k >= ROWS - 1;
    }

    /** Whether panels of rows are faster than tiles: they are copied element by element, so they need more columns. */
    static boolean rowsFit(int m, int n, int k) {
        return m >= WIDTH / 3 && n >= 2 * ROWS && k >= ROWS - 1;
    }

    /** c = s + a·b with panels of columns; see {@link FloatMatmul}. */
    static void columns(
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
        FloatScalarPanels panels = OF_THREAD.get();
        panels.products(k, row, aColumn);
        for (int j = 0; j < n; j += WIDTH) {
            panels.wideOffsets[0] = bAt + j;
            panels.startOffsets[0] = sAt + j;
            panels.resultOffsets[0] = cAt + j;
            panels.multiply(
                    Math.min(WIDTH, n - j),
                    true,
                    k,
                    b,
                    panels.wideProducts,
                    m,
                    a,
                    aAt,
                    aRow,
                    panels.narrowProducts,
                    s,
                    sRow,
                    c,
                    row);
        }
    }

    /** c = s + a·b with panels of rows; see {@link FloatMatmul}. */
    static void rows(
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
        FloatScalarPanels panels = OF_THREAD.get();
        panels.products(k, aColumn, row);
        for (int i = 0; i < m; i += WIDTH) {
            int width = Math.min(WIDTH, m - i);
            for (int v = 0; v < width; v++) {
                panels.wideOffsets[v] = aAt + (i + v) * aRow;
                panels.startOffsets[v] = sAt + (i + v) * sRow;
                panels.resultOffsets[v] = cAt + (i + v) * row;
            }
            panels.multiply(width, false, k, a, panels.wideProducts, n, b, bAt, 1, panels.narrowProducts, s, 1, c, 1);
        }
    }

    /** d = s + a·b with panels of rows; see {@link FloatWindowMatmul}. */
    static void windows(
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
        FloatScalarPanels panels = OF_THREAD.get();
        int m = t.rows().length;
        for (int i = 0; i < m; i += WIDTH) {
            int width = Math.min(WIDTH, m - i);
            for (int v = 0; v < width; v++) {
                panels.wideOffsets[v] = aAt + t.rows()[i + v];
                panels.startOffsets[v] = sAt + starts[i + v];
                panels.resultOffsets[v] = dAt + t.targets()[i + v];
            }
            panels.multiply(width, false, t.columns().length, a, t.columns(), n, b, bAt, 1, t.bRows(), s, 1, d, 1);
        }
    }

    private void products(int k, int wideStep, int narrowStep) {
        if (wideProducts.length < k) {
            wideProducts = new int[k];
            narrowProducts = new int[k];
        }
        Arrays.setAll(wideProducts, x -> x * wideStep);
        Arrays.setAll(narrowProducts, x -> x * narrowStep);
    }

    /**
     * One panel of the result.
     *
     * @param contiguous whether the columns of the panel are adjacent in all arrays; then only their first offsets are used
     * @param wideProducts offset of each product's row in {@code wide}, added to {@link #wideOffsets}
     * @param rows rows of the result, whose factors are {@code narrowRow} apart, starts {@code startRow} and results
     *     {@code resultRow}
     */
    private void multiply(
            int width,
            boolean contiguous,
            int k,
            float[] wide,
            int[] wideProducts,
            int rows,
            float[] narrow,
            int narrowAt,
            int narrowRow,
            int[] narrowProducts,
            float[] start,
            int startRow,
            float[] result,
            int resultRow) {
        for (int begin = 0; begin < k; begin += DEPTH) {
            int depth = Math.min(DEPTH, k - begin);
            for (int x = 0; x < depth; x++) {
                read(width, contiguous, wide, wideOffsets, wideProducts[begin + x], panel[x]);
            }
            for (int u = 0; u < rows; u += ROWS) {
                for (int i = 0; i < ROWS; i++) {
                    int r = Math.min(u + i, rows - 1);
                    if (begin == 0) {
                        read(width, contiguous, start, startOffsets, r * startRow, sums[i]);
                    } else {
                        read(width, contiguous, result, resultOffsets, r * resultRow, sums[i]);
                    }
                }
                int last = rows - 1;
                group(
                        begin,
                        depth,
                        narrow,
                        narrowAt + u * narrowRow,
                        narrowAt + Math.min(u + 1, last) * narrowRow,
                        narrowAt + Math.min(u + 2, last) * narrowRow,
                        narrowAt + Math.min(u + 3, last) * narrowRow,
                        narrowAt + Math.min(u + 4, last) * narrowRow,
                        narrowProducts);
                for (int i = 0; i < ROWS && u + i < rows; i++) {
                    write(width, contiguous, sums[i], result, resultOffsets, (u + i) * resultRow);
                }
            }
        }
    }

    private static void read(int width, boolean contiguous, float[] from, int[] offsets, int offset, float[] to) {
        if (contiguous) {
            System.arraycopy(from, offsets[0] + offset, to, 0, width);
            return;
        }
        for (int v = 0; v < width; v++) {
            to[v] = from[offsets[v] + offset];
        }
    }

    private static void write(int width, boolean contiguous, float[] from, float[] to, int[] offsets, int offset) {
        if (contiguous) {
            System.arraycopy(from, 0, to, offsets[0] + offset, width);
            return;
        }
        for (int v = 0; v < width; v++) {
            to[offsets[v] + offset] = from[v];
        }
    }

    /** Adds the panel's products to five rows of sums; the factors of a row begin at p0, p1, ... */
    private void group(int begin, int depth, float[] f, int p0, int p1, int p2, int p3, int p4, int[] narrowProducts) {
        float[] c0 = sums[0];
        float[] c1 = sums[1];
        float[] c2 = sums[2];
        float[] c3 = sums[3];
        float[] c4 = sums[4];
        int x = 0;
        for (; x + 2 <= depth; x += 2) {
            int q = narrowProducts[begin + x];
            int r = narrowProducts[begin + x + 1];
            fiveByTwo(
                    c0,
                    c1,
                    c2,
                    c3,
                    c4,
                    panel[x],
                    panel[x + 1],
                    f[p0 + q],
                    f[p0 + r],
                    f[p1 + q],
                    f[p1 + r],
                    f[p2 + q],
                    f[p2 + r],
                    f[p3 + q],
                    f[p3 + r],
                    f[p4 + q],
                    f[p4 + r]);
        }
        if (x < depth) {
            int q = narrowProducts[begin + x];
            fiveByOne(c0, c1, c2, c3, c4, panel[x], f[p0 + q], f[p1 + q], f[p2 + q], f[p3 + q], f[p4 + q]);
        }
    }

    private static void fiveByTwo(
            float[] c0,
            float[] c1,
            float[] c2,
            float[] c3,
            float[] c4,
            float[] b0,
            float[] b1,
            float f00,
            float f01,
            float f10,
            float f11,
            float f20,
            float f21,
            float f30,
            float f31,
            float f40,
            float f41) {
        for (int j = 0; j < WIDTH; j++) {
            float x = b0[j];
            float y = b1[j];
            c0[j] = Math.fma(f01, y, Math.fma(f00, x, c0[j]));
            c1[j] = Math.fma(f11, y, Math.fma(f10, x, c1[j]));
            c2[j] = Math.fma(f21, y, Math.fma(f20, x, c2[j]));
            c3[j] = Math.fma(f31, y, Math.fma(f30, x, c3[j]));
            c4[j] = Math.fma(f41, y, Math.fma(f40, x, c4[j]));
        }
    }

    private static void fiveByOne(
            float[] c0,
            float[] c1,
            float[] c2,
            float[] c3,
            float[] c4,
            float[] b,
            float f0,
            float f1,
            float f2,
            float f3,
            float f4) {
        for (int j = 0; j < WIDTH; j++) {
            float x = b[j];
            c0[j] = Math.fma(f0, x, c0[j]);
            c1[j] = Math.fma(f1, x, c1[j]);
            c2[j] = Math.fma(f2, x, c2[j]);
            c3[j] = Math.fma(f3, x, c3[j]);
            c4[j] = Math.fma(f4, x, c4[j]);
        }
    }
}
