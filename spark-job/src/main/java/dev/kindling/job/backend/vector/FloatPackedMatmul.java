package dev.kindling.job.backend.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of large extents: d = s + a·b over operands that are first copied into buffers of one thread, b into panels of two
 * vectors' columns and a into groups of {@link #ROWS} rows. Each element is one chain of fused multiply-adds in the order of the
 * products, as in {@link FloatMatmul} and {@link FloatWindowMatmul}, which call this class where the copies pay.
 *
 * <p>Why copies: C2 moves the checks of array bounds out of a loop only if indices are multiples of its counter by a constant.
 * In a buffer they are. Without the checks and their index arithmetic a loop of 12 multiply-adds has half as many instructions,
 * which is what limits it where registers are of 256 bits; with 512 bits the multiply-adds are the limit. The division into panels
 * and groups is that of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008).
 */
final class FloatPackedMatmul {
    private static final ThreadLocal<FloatPackedMatmul> OF_THREAD = ThreadLocal.withInitial(FloatPackedMatmul::new);

    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int W = S.length();
    private static final int WIDTH = 2 * W;
    private static final int ROWS = 6;

    /** Products of a panel, for which it stays in the caches. Those after them continue from the result. */
    private static final int DEPTH = 288;

    /** Columns of b that are copied at once, so that they stay in the second-level cache. */
    private static final int COLUMNS = 16 * WIDTH;

    /** From this number of contiguous elements of a row on, they are copied together. */
    private static final int LEAST_RUN = 16;

    /** Extents from which on the copies pay, by measurement with 256 bits on a Zen 3 server; not measured with 128. */
    private static final int LEAST_ROWS = 12;

    private static final int LEAST_COLUMNS = 6 * W;
    private static final int LEAST_PRODUCTS = 8;

    private final float[] rowGroup = new float[ROWS * DEPTH + W];
    private final float[] panels = new float[COLUMNS * DEPTH];
    /** Rows of a tile that is wider than the columns that are left: their starts, then their results. */
    private final float[] tile = new float[ROWS * WIDTH];

    /** The largest offset of a factor in its row. */
    private int furthest;

    private int[] rows = new int[0];
    private int[] columns = new int[0];
    private int[] bRows = new int[0];
    private int[] starts = new int[0];
    private int[] targets = new int[0];

    private FloatPackedMatmul() {}

    /** Whether a product of these extents is faster with copies. */
    static boolean fits(int m, int n, int k) {
        return S.vectorBitSize() < 512 && n >= LEAST_COLUMNS && m >= LEAST_ROWS && k >= LEAST_PRODUCTS;
    }

    /** c = s + a·b; see {@link FloatMatmul#multiply}. */
    static void matrices(
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
        FloatPackedMatmul buffers = OF_THREAD.get();
        buffers.rows = multiples(buffers.rows, m, aRow);
        buffers.columns = multiples(buffers.columns, k, aColumn);
        buffers.bRows = multiples(buffers.bRows, k, row);
        buffers.starts = multiples(buffers.starts, m, sRow);
        buffers.targets = multiples(buffers.targets, m, row);
        buffers.multiply(
                m,
                n,
                k,
                buffers.rows,
                buffers.columns,
                a,
                aAt,
                buffers.bRows,
                b,
                bAt,
                buffers.starts,
                s,
                sAt,
                buffers.targets,
                c,
                cAt);
    }

    private static int[] multiples(int[] array, int count, int step) {
        int[] filled = array.length < count ? new int[count] : array;
        for (int i = 0; i < count; i++) {
            filled[i] = i * step;
        }
        return filled;
    }

    /** d = s + a·b; see {@link FloatWindowMatmul#multiply}. */
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
        OF_THREAD
                .get()
                .multiply(
                        t.rows().length,
                        n,
                        t.columns().length,
                        t.rows(),
                        t.columns(),
                        a,
                        aAt,
                        t.bRows(),
                        b,
                        bAt,
                        starts,
                        s,
                        sAt,
                        t.targets(),
                        d,
                        dAt);
    }

    private void multiply(
            int m,
            int n,
            int k,
            int[] rows,
            int[] columns,
            float[] a,
            int aAt,
            int[] bRows,
            float[] b,
            int bAt,
            int[] starts,
            float[] s,
            int sAt,
            int[] targets,
            float[] d,
            int dAt) {
        int run = run(columns, k);
        furthest = largest(columns, k);
        for (int j = 0; j < n; j += COLUMNS) {
            int width = Math.min(COLUMNS, n - j);
            for (int x = 0; x < k; x += DEPTH) {
                int depth = Math.min(DEPTH, k - x);
                copyPanels(depth, width, bRows, x, b, bAt + j);
                if (x == 0) {
                    rowGroups(m, depth, width, run, rows, columns, x, a, aAt, starts, s, sAt + j, targets, d, dAt + j);
                } else {
                    rowGroups(m, depth, width, run, rows, columns, x, a, aAt, targets, d, dAt + j, targets, d, dAt + j);
                }
            }
        }
    }

    /** The length of the first run of offsets that follow each other, if all others are as long, but the last; else 1. */
    private static int run(int[] offsets, int count) {
        int run = 1;
        while (run < count && offsets[run] == offsets[run - 1] + 1) {
            run++;
        }
        for (int i = run; i < count; i++) {
            if (i % run != 0 && offsets[i] != offsets[i - 1] + 1) {
                return 1;
            }
        }
        return run;
    }

    private static int largest(int[] offsets, int count) {
        int largest = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, offsets[i]);
        }
        return largest;
    }

    /** Columns after the last one of b are garbage, computed with but not written to the result. */
    private void copyPanels(int depth, int width, int[] bRows, int x, float[] b, int bAt) {
        for (int j = 0; j < width; j += WIDTH) {
            int to = j * DEPTH;
            if (width - j > W) {
                for (int i = 0; i < depth; i++) {
                    int from = bAt + bRows[x + i] + j;
                    FloatVector.fromArray(S, b, from).intoArray(panels, to + i * WIDTH);
                    FloatVector.fromArray(S, b, from + W).intoArray(panels, to + i * WIDTH + W);
                }
            } else {
                for (int i = 0; i < depth; i++) {
                    FloatVector.fromArray(S, b, bAt + bRows[x + i] + j).intoArray(panels, to + i * W);
                }
            }
        }
    }

    private void rowGroups(
            int m,
            int depth,
            int width,
            int run,
            int[] rows,
            int[] columns,
            int x,
            float[] a,
            int aAt,
            int[] starts,
            float[] s,
            int sAt,
            int[] targets,
            float[] d,
            int dAt) {
        int last = m - 1;
        for (int i = 0; i < m; i += ROWS) {
            int i1 = Math.min(i + 1, last);
            int i2 = Math.min(i + 2, last);
            int i3 = Math.min(i + 3, last);
            int i4 = Math.min(i + 4, last);
            int i5 = Math.min(i + 5, last);
            copyRows(
                    depth,
                    run,
                    columns,
                    x,
                    a,
                    aAt + rows[i],
                    aAt + rows[i1],
                    aAt + rows[i2],
                    aAt + rows[i3],
                    aAt + rows[i4],
                    aAt + rows[i5]);
            for (int j = 0; j < width; j += WIDTH) {
                int rest = width - j;
                int from = sAt + j;
                int to = dAt + j;
                if (rest == W || rest >= WIDTH) {
                    sixRows(
                            rest,
                            depth,
                            panels,
                            j * DEPTH,
                            s,
                            from + starts[i],
                            from + starts[i1],
                            from + starts[i2],
                            from + starts[i3],
                            from + starts[i4],
                            from + starts[i5],
                            d,
                            to + targets[i],
                            to + targets[i1],
                            to + targets[i2],
                            to + targets[i3],
                            to + targets[i4],
                            to + targets[i5]);
                } else {
                    for (int r = 0; r < ROWS; r++) {
                        System.arraycopy(s, from + starts[Math.min(i + r, last)], tile, r * WIDTH, rest);
                    }
                    sixRows(
                            rest, depth, panels, j * DEPTH, tile, 0, WIDTH, 2 * WIDTH, 3 * WIDTH, 4 * WIDTH, 5 * WIDTH,
                            tile, 0, WIDTH, 2 * WIDTH, 3 * WIDTH, 4 * WIDTH, 5 * WIDTH);
                    for (int r = 0; r < ROWS && i + r < m; r++) {
                        System.arraycopy(tile, r * WIDTH, d, to + targets[i + r], rest);
                    }
                }
            }
        }
    }

    /** Six rows of a panel of two vectors, or of one if no more columns are left. */
    private void sixRows(
            int rest,
            int k,
            float[] b,
            int bAt,
            float[] s,
            int s0,
            int s1,
            int s2,
            int s3,
            int s4,
            int s5,
            float[] d,
            int d0,
            int d1,
            int d2,
            int d3,
            int d4,
            int d5) {
        if (rest > W) {
            sixByTwo(k, rowGroup, b, bAt, s, s0, s1, s2, s3, s4, s5, d, d0, d1, d2, d3, d4, d5);
        } else {
            sixByOne(k, rowGroup, b, bAt, s, s0, s1, s2, s3, s4, s5, d, d0, d1, d2, d3, d4, d5);
        }
    }

    /** Copies the factors of six rows, those of a product next to each other. */
    private void copyRows(
            int depth, int run, int[] columns, int x, float[] a, int p0, int p1, int p2, int p3, int p4, int p5) {
        if (run >= LEAST_RUN) {
            int end = x + depth;
            int from = x;
            while (from < end) {
                int length = Math.min(end, from + run - from % run) - from;
                int p = columns[from];
                copyRun(length, a, p0 + p, p1 + p, p2 + p, p3 + p, p4 + p, p5 + p, rowGroup, ROWS * (from - x));
                from += length;
            }
        } else if (W > ROWS
                && p0 + furthest + W <= a.length
                && p1 == p0 + 1
                && p2 == p0 + 2
                && p3 == p0 + 3
                && p4 == p0 + 4
                && p5 == p0 + 5) {
            copyAdjacent(depth, columns, x, a, p0, rowGroup);
        } else {
            copySeparate(depth, columns, x, a, p0, p1, p2, p3, p4, p5, rowGroup);
        }
    }

    private static void copyRun(
            int length, float[] a, int p0, int p1, int p2, int p3, int p4, int p5, float[] d, int dAt) {
        for (int i = 0; i < length; i++) {
            d[dAt + ROWS * i] = a[p0 + i];
            d[dAt + ROWS * i + 1] = a[p1 + i];
            d[dAt + ROWS * i + 2] = a[p2 + i];
            d[dAt + ROWS * i + 3] = a[p3 + i];
            d[dAt + ROWS * i + 4] = a[p4 + i];
            d[dAt + ROWS * i + 5] = a[p5 + i];
        }
    }

    /** Copies rows whose factors are next to each other, and more numbers, which the next ones overwrite. */
    private static void copyAdjacent(int depth, int[] columns, int x, float[] a, int aAt, float[] d) {
        for (int i = 0; i < depth; i++) {
            FloatVector.fromArray(S, a, aAt + columns[x + i]).intoArray(d, ROWS * i);
        }
    }

    private static void copySeparate(
            int depth, int[] columns, int x, float[] a, int p0, int p1, int p2, int p3, int p4, int p5, float[] d) {
        for (int i = 0; i < depth; i++) {
            int p = columns[x + i];
            d[ROWS * i] = a[p0 + p];
            d[ROWS * i + 1] = a[p1 + p];
            d[ROWS * i + 2] = a[p2 + p];
            d[ROWS * i + 3] = a[p3 + p];
            d[ROWS * i + 4] = a[p4 + p];
            d[ROWS * i + 5] = a[p5 + p];
        }
    }

    /** Six rows of two vectors. */
    private static void sixByTwo(
            int k,
            float[] a,
            float[] b,
            int bAt,
            float[] s,
            int s0,
            int s1,
            int s2,
            int s3,
            int s4,
            int s5,
            float[] d,
            int d0,
            int d1,
            int d2,
            int d3,
            int d4,
            int d5) {
        FloatVector c00 = FloatVector.fromArray(S, s, s0);
        FloatVector c01 = FloatVector.fromArray(S, s, s0 + W);
        FloatVector c10 = FloatVector.fromArray(S, s, s1);
        FloatVector c11 = FloatVector.fromArray(S, s, s1 + W);
        FloatVector c20 = FloatVector.fromArray(S, s, s2);
        FloatVector c21 = FloatVector.fromArray(S, s, s2 + W);
        FloatVector c30 = FloatVector.fromArray(S, s, s3);
        FloatVector c31 = FloatVector.fromArray(S, s, s3 + W);
        FloatVector c40 = FloatVector.fromArray(S, s, s4);
        FloatVector c41 = FloatVector.fromArray(S, s, s4 + W);
        FloatVector c50 = FloatVector.fromArray(S, s, s5);
        FloatVector c51 = FloatVector.fromArray(S, s, s5 + W);
        for (int x = 0; x < k; x++) {
            FloatVector b0 = FloatVector.fromArray(S, b, bAt + WIDTH * x);
            FloatVector b1 = FloatVector.fromArray(S, b, bAt + WIDTH * x + W);
            FloatVector f = FloatVector.broadcast(S, a[ROWS * x]);
            c00 = f.fma(b0, c00);
            c01 = f.fma(b1, c01);
            f = FloatVector.broadcast(S, a[ROWS * x + 1]);
            c10 = f.fma(b0, c10);
            c11 = f.fma(b1, c11);
            f = FloatVector.broadcast(S, a[ROWS * x + 2]);
            c20 = f.fma(b0, c20);
            c21 = f.fma(b1, c21);
            f = FloatVector.broadcast(S, a[ROWS * x + 3]);
            c30 = f.fma(b0, c30);
            c31 = f.fma(b1, c31);
            f = FloatVector.broadcast(S, a[ROWS * x + 4]);
            c40 = f.fma(b0, c40);
            c41 = f.fma(b1, c41);
            f = FloatVector.broadcast(S, a[ROWS * x + 5]);
            c50 = f.fma(b0, c50);
            c51 = f.fma(b1, c51);
        }
        c00.intoArray(d, d0);
        c01.intoArray(d, d0 + W);
        c10.intoArray(d, d1);
        c11.intoArray(d, d1 + W);
        c20.intoArray(d, d2);
        c21.intoArray(d, d2 + W);
        c30.intoArray(d, d3);
        c31.intoArray(d, d3 + W);
        c40.intoArray(d, d4);
        c41.intoArray(d, d4 + W);
        c50.intoArray(d, d5);
        c51.intoArray(d, d5 + W);
    }

    /** Six rows of one vector. */
    private static void sixByOne(
            int k,
            float[] a,
            float[] b,
            int bAt,
            float[] s,
            int s0,
            int s1,
            int s2,
            int s3,
            int s4,
            int s5,
            float[] d,
            int d0,
            int d1,
            int d2,
            int d3,
            int d4,
            int d5) {
        FloatVector c00 = FloatVector.fromArray(S, s, s0);
        FloatVector c10 = FloatVector.fromArray(S, s, s1);
        FloatVector c20 = FloatVector.fromArray(S, s, s2);
        FloatVector c30 = FloatVector.fromArray(S, s, s3);
        FloatVector c40 = FloatVector.fromArray(S, s, s4);
        FloatVector c50 = FloatVector.fromArray(S, s, s5);
        for (int x = 0; x < k; x++) {
            FloatVector b0 = FloatVector.fromArray(S, b, bAt + W * x);
            FloatVector f = FloatVector.broadcast(S, a[ROWS * x]);
            c00 = f.fma(b0, c00);
            f = FloatVector.broadcast(S, a[ROWS * x + 1]);
            c10 = f.fma(b0, c10);
            f = FloatVector.broadcast(S, a[ROWS * x + 2]);
            c20 = f.fma(b0, c20);
            f = FloatVector.broadcast(S, a[ROWS * x + 3]);
            c30 = f.fma(b0, c30);
            f = FloatVector.broadcast(S, a[ROWS * x + 4]);
            c40 = f.fma(b0, c40);
            f = FloatVector.broadcast(S, a[ROWS * x + 5]);
            c50 = f.fma(b0, c50);
        }
        c00.intoArray(d, d0);
        c10.intoArray(d, d1);
        c20.intoArray(d, d2);
        c30.intoArray(d, d3);
        c40.intoArray(d, d4);
        c50.intoArray(d, d5);
    }
}
