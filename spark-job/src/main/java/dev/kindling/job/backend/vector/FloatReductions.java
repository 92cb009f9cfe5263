package dev.kindling.job.backend.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernels of sums and maxima. The order of every sum depends on its shape only. A sum over the last axis uses virtual lanes,
 * as many as a 512-bit register holds: element i is added to lane i modulo that number, and the lanes are then added as a
 * fixed binary tree. A sum over an outer axis adds row after row.
 */
final class FloatReductions {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int W = S.length();
    private static final int LANES = 64 / Float.BYTES;

    private FloatReductions() {}

    /** d[r] = Σ a[r, :] for rows of n elements; {@code lanes} is scratch memory of {@link #scratch()} elements. */
    static void last(float[] d, int dAt, int rows, int n, float[] a, int aAt, float[] lanes) {
        for (int r = 0; r < rows; r++) {
            d[dAt + r] = n < LANES ? few(a, aAt + r * n, n) : many(a, aAt + r * n, n, lanes);
        }
    }

    static int scratch() {
        return LANES;
    }

    /** Fewer elements than lanes: the same tree without the zeros, which would change at most the sign of a zero. */
    private static float few(float[] a, int at, int n) {
        return tree(a, at, n);
    }

    private static float many(float[] a, int at, int n, float[] lanes) {
        System.arraycopy(a, at, lanes, 0, LANES);
        int i = LANES;
        for (; i + LANES <= n; i += LANES) {
            for (int lane = 0; lane < LANES; lane += W) {
                FloatVector.fromArray(S, lanes, lane)
                        .add(FloatVector.fromArray(S, a, at + i + lane))
                        .intoArray(lanes, lane);
            }
        }
        for (int lane = 0; i + lane < n; lane++) {
            lanes[lane] += a[at + i + lane];
        }
        return tree(lanes, 0, LANES);
    }

    /** The sum of at most {@link #LANES} contiguous elements as a binary tree. */
    private static float tree(float[] a, int at, int n) {
        if (n <= 2) {
            return n == 1 ? a[at] : a[at] + a[at + 1];
        }
        int half = Integer.highestOneBit(n - 1);
        return tree(a, at, half) + tree(a, at + half, n - half);
    }

    /** d[o, j] = Σ over r of a[o, r, j], r ascending. */
    static void outer(float[] d, int dAt, int outer, int reduced, int inner, float[] a, int aAt) {
        for (int o = 0; o < outer; o++) {
            int from = aAt + o * reduced * inner;
            int to = dAt + o * inner;
            int j = 0;
            for (; j <= inner - 4 * W; j += 4 * W) {
                fourColumns(d, to + j, reduced, inner, a, from + j);
            }
            for (; j <= inner - W; j += W) {
                column(d, to + j, reduced, inner, a, from + j);
            }
            for (; j < inner; j++) {
                float sum = a[from + j];
                for (int r = 1; r < reduced; r++) {
                    sum += a[from + r * inner + j];
                }
                d[to + j] = sum;
            }
        }
    }

    /** Sums four vectors of adjacent columns, each in a register. */
    private static void fourColumns(float[] d, int dAt, int reduced, int inner, float[] a, int aAt) {
        FloatVector c0 = FloatVector.fromArray(S, a, aAt);
        FloatVector c1 = FloatVector.fromArray(S, a, aAt + W);
        FloatVector c2 = FloatVector.fromArray(S, a, aAt + 2 * W);
        FloatVector c3 = FloatVector.fromArray(S, a, aAt + 3 * W);
        int at = aAt + inner;
        for (int r = 1; r < reduced; r++) {
            c0 = c0.add(FloatVector.fromArray(S, a, at));
            c1 = c1.add(FloatVector.fromArray(S, a, at + W));
            c2 = c2.add(FloatVector.fromArray(S, a, at + 2 * W));
            c3 = c3.add(FloatVector.fromArray(S, a, at + 3 * W));
            at += inner;
        }
        c0.intoArray(d, dAt);
        c1.intoArray(d, dAt + W);
        c2.intoArray(d, dAt + 2 * W);
        c3.intoArray(d, dAt + 3 * W);
    }

    private static void column(float[] d, int dAt, int reduced, int inner, float[] a, int aAt) {
        FloatVector c = FloatVector.fromArray(S, a, aAt);
        int at = aAt + inner;
        for (int r = 1; r < reduced; r++) {
            c = c.add(FloatVector.fromArray(S, a, at));
            at += inner;
        }
        c.intoArray(d, dAt);
    }

    /** d[r] = max a[r, :]; NaN if any element is. */
    static void max(float[] d, int dAt, int rows, int n, float[] a, int aAt) {
        for (int r = 0; r < rows; r++) {
            float max = a[aAt + r * n];
            for (int i = 1; i < n; i++) {
                max = Math.max(max, a[aAt + r * n + i]);
            }
            d[dAt + r] = max;
        }
    }

    /** d[r] = the index of the first maximum of a[r, :]; a NaN compares as greater than every number. */
    static void argmax(float[] d, int dAt, int rows, int n, float[] a, int aAt) {
        for (int r = 0; r < rows; r++) {
            int best = 0;
            float max = a[aAt + r * n];
            for (int i = 1; i < n; i++) {
                float next = a[aAt + r * n + i];
                if (next > max || (Float.isNaN(next) && !Float.isNaN(max))) {
                    best = i;
                    max = next;
                }
            }
            d[dAt + r] = best;
        }
    }

    /** d[r, :] = 1 at the index a[r], 0 elsewhere. */
    static void oneHot(float[] d, int dAt, int rows, int depth, float[] a, int aAt) {
        Arrays.fill(d, dAt, dAt + rows * depth, 0f);
        for (int r = 0; r < rows; r++) {
            d[dAt + r * depth + index(a[aAt + r], depth)] = 1f;
        }
    }

    /** The index that a value holds; refused if it is not an integer from 0 to {@code count - 1}. */
    static int index(float value, int count) {
        int row = (int) value;
        if (row != value || row < 0 || row >= count) {
            throw new IllegalArgumentException(
                    "index " + value + ": indices must be integers from 0 to " + (count - 1));
        }
        return row;
    }
}
