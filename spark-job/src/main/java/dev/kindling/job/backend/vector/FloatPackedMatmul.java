package dev.kindling.job.backend.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of large extents: d = s + a·b over operands that are first copied into buffers of one thread, b into panels of two
 * vectors' columns and a into groups of {@link #GROUP} rows, unless a's rows are long runs and registers are of 512 bits. Each
 * element is one chain of fused multiply-adds in the order of the products, as in {@link FloatMatmul} and
 * {@link FloatWindowMatmul}, which call this class where the copies pay.
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
    private static final boolean WIDE = S.vectorBitSize() == 512;
    private static final int WIDTH = 2 * W;
    /** Rows of a tile: with their operands, eight rows of two vectors fit 32 registers, six fit 16. */
    private static final int ROWS = WIDE ? 8 : 6;
    /** Rows that are copied together. */
    private static final int GROUP = WIDE ? 2 * ROWS : ROWS;

    /** Products of a panel, for which it stays in the caches. Those after them continue from the result. */
    private static final int DEPTH = WIDE ? 192 : 288;

    /** Columns of b that are copied at once, so that they stay in the second-level cache. */
    private static final int COLUMNS = 16 * WIDTH;

    /** From this number of contiguous elements of a row on, they are copied together. */
    private static final int LEAST_RUN = 16;

    /**
     * From this number on they are read in place, if registers are of 512 bits: the checks of eight rows' bounds that stay in the loop
     * then fit beside its 16 multiply-adds.
     */
    private static final int LEAST_DIRECT_RUN = WIDE ? 32 : Integer.MAX_VALUE;

    /** Extents from which on the copies pay, by measurement with 256 bits on a Zen 3 and 512 on a Zen 4 server; not measured with 128. */
    private static final int LEAST_ROWS = 12;

    private static final int LEAST_COLUMNS = WIDE ? 4 * W : 6 * W;
    private static final int LEAST_PRODUCTS = 8;
    private static final int LEAST_ROWS_IF_WIDE = 48;
    private static final int LEAST_COLUMNS_IF_WIDE = 8 * W;

    private static final int[] TILE_ROWS = multiples(new int[0], ROWS, WIDTH);

    private final float[] rowGroup = new float[GROUP * DEPTH + W];
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

    /** Whether a product of these extents that is addressed through a table is faster with copies. */
    static boolean fitsWindows(int m, int n, int k) {
        return n >= LEAST_COLUMNS && m >= LEAST_ROWS && k >= LEAST_PRODUCTS;
    }

    /** Whether a product of matrices of these extents is faster with copies. */
    static boolean fitsMatrices(int m, int n, int k) {
        return fitsWindows(m, n, k) && (!WIDE || (m >= LEAST_ROWS_IF_WIDE && n >= LEAST_COLUMNS_IF_WIDE));
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
            int depth;
            for (int x = 0; x < k; x += depth) {
                depth = depth(run, x, k);
                copyPanels(depth, width, bRows, x, b, bAt + j);
                if (x == 0) {
                    rowGroups(m, depth, width, run, rows, columns, x, a, aAt, starts, s, sAt + j, targets, d, dAt + j);
                } else {
                    rowGroups(m, depth, width, run, rows, columns, x, a, aAt, targets, d, dAt + j, targets, d, dAt + j);
                }
            }
        }
    }

    /** Products of the panel that begins with product x: within a run where it is read in place. */
    private static int depth(int run, int x, int k) {
        int depth = Math.min(DEPTH, k - x);
        return run >= LEAST_DIRECT_RUN ? Math.min(depth, run - x % run) : depth;
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

    /** The columns of a panel after the last one of b are garbage, computed with but not written to the result. */
    private void copyPanels(int depth, int width, int[] bRows, int x, float[] b, int bAt) {
        for (int j = 0; j < width; j += WIDTH) {
            int to = j * DEPTH;
            copyVectors(depth, bRows, x, b, bAt + j, panels, to);
            if (width - j > W) {
                copyVectors(depth, bRows, x, b, bAt + j + W, panels, to + W);
            }
        }
    }

    private static void copyVectors(int depth, int[] bRows, int x, float[] b, int bAt, float[] d, int dAt) {
        for (int i = 0; i < depth; i++) {
            FloatVector.fromArray(S, b, bAt + bRows[x + i]).intoArray(d, dAt + i * WIDTH);
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
        int direct = 0;
        if (run >= LEAST_DIRECT_RUN) {
            direct = width - width % WIDTH;
            runs(m, depth, direct, rows, a, aAt + columns[x], starts, s, sAt, targets, d, dAt);
        }
        if (direct == width) {
            return;
        }
        for (int group = 0; group < m; group += GROUP) {
            copyRows(group, last, depth, run, rows, columns, x, a, aAt);
            for (int j = direct; j < width; j += WIDTH) {
                int rest = width - j;
                for (int i = group; i < Math.min(group + GROUP, m); i += ROWS) {
                    if (rest >= WIDTH) {
                        tile(i, last, depth, i - group, j * DEPTH, starts, s, sAt + j, targets, d, dAt + j);
                    } else {
                        partOfTile(i, last, depth, i - group, j * DEPTH, rest, starts, s, sAt + j, targets, d, dAt + j);
                    }
                }
            }
        }
    }

    /** Tiles whose left factors are one run in each row of a, and are read there. */
    private void runs(
            int m,
            int depth,
            int width,
            int[] rows,
            float[] a,
            int aAt,
            int[] starts,
            float[] s,
            int sAt,
            int[] targets,
            float[] d,
            int dAt) {
        int last = m - 1;
        for (int j = 0; j < width; j += WIDTH) {
            for (int i = 0; i < m; i += ROWS) {
                eightRuns(i, last, depth, rows, a, aAt, panels, j * DEPTH, starts, s, sAt + j, targets, d, dAt + j);
            }
        }
    }

    /** A tile of which only the first columns are in the result. */
    private void partOfTile(
            int i,
            int last,
            int depth,
            int row,
            int panel,
            int width,
            int[] starts,
            float[] s,
            int sAt,
            int[] targets,
            float[] d,
            int dAt) {
        for (int r = 0; r < ROWS; r++) {
            System.arraycopy(s, sAt + starts[Math.min(i + r, last)], tile, r * WIDTH, width);
        }
        tile(0, ROWS - 1, depth, row, panel, TILE_ROWS, tile, 0, TILE_ROWS, tile, 0);
        for (int r = 0; r < ROWS && i + r <= last; r++) {
            System.arraycopy(tile, r * WIDTH, d, dAt + targets[i + r], width);
        }
    }

    /**
     * A tile: rows from i on, the last of which repeats until the tile is full, of two vectors.
     *
     * @param row of the group of copied rows
     */
    private void tile(
            int i,
            int last,
            int depth,
            int row,
            int panel,
            int[] starts,
            float[] s,
            int sAt,
            int[] targets,
            float[] d,
            int dAt) {
        if (WIDE) {
            eightByTwo(i, last, depth, rowGroup, row, panels, panel, starts, s, sAt, targets, d, dAt);
        } else {
            sixByTwo(i, last, depth, rowGroup, panels, panel, starts, s, sAt, targets, d, dAt);
        }
    }

    /** Copies the factors of a group of rows, those of a product next to each other. The last row repeats until the group is full. */
    private void copyRows(int i, int last, int depth, int run, int[] rows, int[] columns, int x, float[] a, int aAt) {
        if (run < LEAST_RUN && W >= GROUP && adjacent(rows, i, last) && aAt + rows[i] + furthest + W <= a.length) {
            copyAdjacent(depth, columns, x, a, aAt + rows[i], rowGroup);
            return;
        }
        for (int r = 0; r < GROUP; r++) {
            int p = aAt + rows[Math.min(i + r, last)];
            if (run >= LEAST_RUN) {
                int end = x + depth;
                int from = x;
                while (from < end) {
                    int length = Math.min(end, from + run - from % run) - from;
                    copyRun(length, a, p + columns[from], rowGroup, GROUP * (from - x) + r);
                    from += length;
                }
            } else {
                copySeparate(depth, columns, x, a, p, rowGroup, r);
            }
        }
    }

    private static boolean adjacent(int[] rows, int i, int last) {
        if (i + GROUP - 1 > last) {
            return false;
        }
        for (int r = 1; r < GROUP; r++) {
            if (rows[i + r] != rows[i] + r) {
                return false;
            }
        }
        return true;
    }

    private static void copyRun(int length, float[] a, int aAt, float[] d, int dAt) {
        for (int i = 0; i < length; i++) {
            d[dAt + GROUP * i] = a[aAt + i];
        }
    }

    /** Copies rows whose factors are next to each other, and more numbers, which the next ones overwrite. */
    private static void copyAdjacent(int depth, int[] columns, int x, float[] a, int aAt, float[] d) {
        for (int i = 0; i < depth; i++) {
            FloatVector.fromArray(S, a, aAt + columns[x + i]).intoArray(d, GROUP * i);
        }
    }

    private static void copySeparate(int depth, int[] columns, int x, float[] a, int aAt, float[] d, int dAt) {
        for (int i = 0; i < depth; i++) {
            d[dAt + GROUP * i] = a[aAt + columns[x + i]];
        }
    }

    /** Six rows of two vectors. */
    private static void sixByTwo(
            int i,
            int last,
            int k,
            float[] a,
            float[] b,
            int bAt,
            int[] starts,
            float[] s,
            int sAt,
            int[] targets,
            float[] d,
            int dAt) {
        int i1 = Math.min(i + 1, last);
        int i2 = Math.min(i + 2, last);
        int i3 = Math.min(i + 3, last);
        int i4 = Math.min(i + 4, last);
        int i5 = Math.min(i + 5, last);
        int s0 = sAt + starts[i];
        int s1 = sAt + starts[i1];
        int s2 = sAt + starts[i2];
        int s3 = sAt + starts[i3];
        int s4 = sAt + starts[i4];
        int s5 = sAt + starts[i5];
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
            FloatVector f = FloatVector.broadcast(S, a[GROUP * x]);
            c00 = f.fma(b0, c00);
            c01 = f.fma(b1, c01);
            f = FloatVector.broadcast(S, a[GROUP * x + 1]);
            c10 = f.fma(b0, c10);
            c11 = f.fma(b1, c11);
            f = FloatVector.broadcast(S, a[GROUP * x + 2]);
            c20 = f.fma(b0, c20);
            c21 = f.fma(b1, c21);
            f = FloatVector.broadcast(S, a[GROUP * x + 3]);
            c30 = f.fma(b0, c30);
            c31 = f.fma(b1, c31);
            f = FloatVector.broadcast(S, a[GROUP * x + 4]);
            c40 = f.fma(b0, c40);
            c41 = f.fma(b1, c41);
            f = FloatVector.broadcast(S, a[GROUP * x + 5]);
            c50 = f.fma(b0, c50);
            c51 = f.fma(b1, c51);
        }
        int d0 = dAt + targets[i];
        int d1 = dAt + targets[i1];
        int d2 = dAt + targets[i2];
        int d3 = dAt + targets[i3];
        int d4 = dAt + targets[i4];
        int d5 = dAt + targets[i5];
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

    /** Eight rows of two vectors. */
    private static void eightByTwo(
            int i,
            int last,
            int k,
            float[] a,
            int aAt,
            float[] b,
            int bAt,
            int[] starts,
            float[] s,
            int sAt,
            int[] targets,
            float[] d,
            int dAt) {
        int i1 = Math.min(i + 1, last);
        int i2 = Math.min(i + 2, last);
        int i3 = Math.min(i + 3, last);
        int i4 = Math.min(i + 4, last);
        int i5 = Math.min(i + 5, last);
        int i6 = Math.min(i + 6, last);
        int i7 = Math.min(i + 7, last);
        int s0 = sAt + starts[i];
        int s1 = sAt + starts[i1];
        int s2 = sAt + starts[i2];
        int s3 = sAt + starts[i3];
        int s4 = sAt + starts[i4];
        int s5 = sAt + starts[i5];
        int s6 = sAt + starts[i6];
        int s7 = sAt + starts[i7];
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
        FloatVector c60 = FloatVector.fromArray(S, s, s6);
        FloatVector c61 = FloatVector.fromArray(S, s, s6 + W);
        FloatVector c70 = FloatVector.fromArray(S, s, s7);
        FloatVector c71 = FloatVector.fromArray(S, s, s7 + W);
        for (int x = 0; x < k; x++) {
            FloatVector b0 = FloatVector.fromArray(S, b, bAt + WIDTH * x);
            FloatVector b1 = FloatVector.fromArray(S, b, bAt + WIDTH * x + W);
            FloatVector f = FloatVector.broadcast(S, a[aAt + GROUP * x]);
            c00 = f.fma(b0, c00);
            c01 = f.fma(b1, c01);
            f = FloatVector.broadcast(S, a[aAt + GROUP * x + 1]);
            c10 = f.fma(b0, c10);
            c11 = f.fma(b1, c11);
            f = FloatVector.broadcast(S, a[aAt + GROUP * x + 2]);
            c20 = f.fma(b0, c20);
            c21 = f.fma(b1, c21);
            f = FloatVector.broadcast(S, a[aAt + GROUP * x + 3]);
            c30 = f.fma(b0, c30);
            c31 = f.fma(b1, c31);
            f = FloatVector.broadcast(S, a[aAt + GROUP * x + 4]);
            c40 = f.fma(b0, c40);
            c41 = f.fma(b1, c41);
            f = FloatVector.broadcast(S, a[aAt + GROUP * x + 5]);
            c50 = f.fma(b0, c50);
            c51 = f.fma(b1, c51);
            f = FloatVector.broadcast(S, a[aAt + GROUP * x + 6]);
            c60 = f.fma(b0, c60);
            c61 = f.fma(b1, c61);
            f = FloatVector.broadcast(S, a[aAt + GROUP * x + 7]);
            c70 = f.fma(b0, c70);
            c71 = f.fma(b1, c71);
        }
        int d0 = dAt + targets[i];
        int d1 = dAt + targets[i1];
        int d2 = dAt + targets[i2];
        int d3 = dAt + targets[i3];
        int d4 = dAt + targets[i4];
        int d5 = dAt + targets[i5];
        int d6 = dAt + targets[i6];
        int d7 = dAt + targets[i7];
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
        c60.intoArray(d, d6);
        c61.intoArray(d, d6 + W);
        c70.intoArray(d, d7);
        c71.intoArray(d, d7 + W);
    }

    /** Eight rows of two vectors, whose factors follow each other in a. */
    private static void eightRuns(
            int i,
            int last,
            int k,
            int[] rows,
            float[] a,
            int aAt,
            float[] b,
            int bAt,
            int[] starts,
            float[] s,
            int sAt,
            int[] targets,
            float[] d,
            int dAt) {
        int i1 = Math.min(i + 1, last);
        int i2 = Math.min(i + 2, last);
        int i3 = Math.min(i + 3, last);
        int i4 = Math.min(i + 4, last);
        int i5 = Math.min(i + 5, last);
        int i6 = Math.min(i + 6, last);
        int i7 = Math.min(i + 7, last);
        int p0 = aAt + rows[i];
        int p1 = aAt + rows[i1];
        int p2 = aAt + rows[i2];
        int p3 = aAt + rows[i3];
        int p4 = aAt + rows[i4];
        int p5 = aAt + rows[i5];
        int p6 = aAt + rows[i6];
        int p7 = aAt + rows[i7];
        int s0 = sAt + starts[i];
        int s1 = sAt + starts[i1];
        int s2 = sAt + starts[i2];
        int s3 = sAt + starts[i3];
        int s4 = sAt + starts[i4];
        int s5 = sAt + starts[i5];
        int s6 = sAt + starts[i6];
        int s7 = sAt + starts[i7];
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
        FloatVector c60 = FloatVector.fromArray(S, s, s6);
        FloatVector c61 = FloatVector.fromArray(S, s, s6 + W);
        FloatVector c70 = FloatVector.fromArray(S, s, s7);
        FloatVector c71 = FloatVector.fromArray(S, s, s7 + W);
        for (int x = 0; x < k; x++) {
            FloatVector b0 = FloatVector.fromArray(S, b, bAt + WIDTH * x);
            FloatVector b1 = FloatVector.fromArray(S, b, bAt + WIDTH * x + W);
            FloatVector f = FloatVector.broadcast(S, a[p0 + x]);
            c00 = f.fma(b0, c00);
            c01 = f.fma(b1, c01);
            f = FloatVector.broadcast(S, a[p1 + x]);
            c10 = f.fma(b0, c10);
            c11 = f.fma(b1, c11);
            f = FloatVector.broadcast(S, a[p2 + x]);
            c20 = f.fma(b0, c20);
            c21 = f.fma(b1, c21);
            f = FloatVector.broadcast(S, a[p3 + x]);
            c30 = f.fma(b0, c30);
            c31 = f.fma(b1, c31);
            f = FloatVector.broadcast(S, a[p4 + x]);
            c40 = f.fma(b0, c40);
            c41 = f.fma(b1, c41);
            f = FloatVector.broadcast(S, a[p5 + x]);
            c50 = f.fma(b0, c50);
            c51 = f.fma(b1, c51);
            f = FloatVector.broadcast(S, a[p6 + x]);
            c60 = f.fma(b0, c60);
            c61 = f.fma(b1, c61);
            f = FloatVector.broadcast(S, a[p7 + x]);
            c70 = f.fma(b0, c70);
            c71 = f.fma(b1, c71);
        }
        int d0 = dAt + targets[i];
        int d1 = dAt + targets[i1];
        int d2 = dAt + targets[i2];
        int d3 = dAt + targets[i3];
        int d4 = dAt + targets[i4];
        int d5 = dAt + targets[i5];
        int d6 = dAt + targets[i6];
        int d7 = dAt + targets[i7];
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
        c60.intoArray(d, d6);
        c61.intoArray(d, d6 + W);
        c70.intoArray(d, d7);
        c71.intoArray(d, d7 + W);
    }
}
