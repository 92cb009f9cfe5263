package dev.kindling.job.backend.vector;

/** Kernels of sums in plain Java, with the arguments and the bits of {@link FloatReductions}. */
final class FloatScalarReductions {
    private static final int LANES = FloatLanes.LANES;

    private FloatScalarReductions() {}

    /** d[r] = Σ a[r, :]; see {@link FloatReductions}. */
    static void last(float[] d, int dAt, int rows, int n, float[] a, int aAt, float[] lanes) {
        for (int r = 0; r < rows; r++) {
            int from = aAt + r * n;
            d[dAt + r] = n < LANES ? FloatLanes.tree(a, from, n) : many(a, from, n, lanes);
        }
    }

    private static float many(float[] a, int at, int n, float[] lanes) {
        System.arraycopy(a, at, lanes, 0, LANES);
        for (int i = LANES; i < n; i += LANES) {
            FloatScalarElementwise.add(lanes, 0, Math.min(LANES, n - i), lanes, 0, a, at + i);
        }
        return FloatLanes.tree(lanes, 0, LANES);
    }

    /** d[o, j] = Σ over r of a[o, r, j], r ascending. */
    static void outer(float[] d, int dAt, int outer, int reduced, int inner, float[] a, int aAt) {
        for (int o = 0; o < outer; o++) {
            int from = aAt + o * reduced * inner;
            int to = dAt + o * inner;
            System.arraycopy(a, from, d, to, inner);
            for (int r = 1; r < reduced; r++) {
                FloatScalarElementwise.add(d, to, inner, d, to, a, from + r * inner);
            }
        }
    }
}
