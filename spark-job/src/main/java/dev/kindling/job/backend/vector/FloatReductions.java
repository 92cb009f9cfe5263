package dev.kindling.job.backend.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernels of sums. The order of every sum depends on its shape only. A sum over the last axis uses virtual lanes,
 * as many as a 512-bit register holds: element i is added to lane i modulo that number, and the lanes are then added as a
 * fixed binary tree. A sum over an outer axis adds row after row.
 */
final class FloatReductions {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int W = S.length();
    private static final int LANES = FloatLanes.LANES;

    private FloatReductions() {}

    /**
     * d[r] = Σ a[r, :] for rows of n elements. Fewer elements than lanes: the same tree without the zeros, which would change
     * at most the sign of a zero.
     *
     * @param lanes scratch memory of {@link FloatLanes#LANES} elements
     */
    static void last(float[] d, int dAt, int rows, int n, float[] a, int aAt, float[] lanes) {
        for (int r = 0; r < rows; r++) {
            d[dAt + r] = n < LANES ? FloatLanes.tree(a, aAt + r * n, n) : many(a, aAt + r * n, n, lanes);
        }
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
        return FloatLanes.tree(lanes, 0, LANES);
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
}
