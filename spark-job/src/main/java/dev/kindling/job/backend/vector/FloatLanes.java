package dev.kindling.job.backend.vector;

/**
 * The number of virtual lanes of sums, as many as a 512-bit register holds, and what follows from it: the order in which
 * lanes are added and the sizes of buffers. The same for every implementation of the kernels and every register width.
 */
final class FloatLanes {
    static final int LANES = 64 / Float.BYTES;

    /** Rows of a product that {@code dots} computes at once. */
    static final int DOT_ROWS = 5;

    /** Up to this number of columns, products are computed element by element, not in vectors. */
    static final int SCALAR_COLUMNS = 3;

    private FloatLanes() {}

    /** Elements after the end of a product's operands that must be readable, and after the end of a narrow result writable. */
    static int slack() {
        return LANES;
    }

    /**
     * Whether garbage may be written after the rows of a product of n columns, which then must not be its own start. Does
     * not depend on the register width or the kernels, because the alternative adds in another order.
     */
    static boolean narrow(int n) {
        return n > SCALAR_COLUMNS && n < LANES;
    }

    /** Elements of scratch memory that a kernel needs. */
    static int scratch() {
        return Math.max(DOT_ROWS * LANES, RowGroups.scratch());
    }

    /** The sum of at most {@link #LANES} contiguous elements as a binary tree. */
    static float tree(float[] a, int at, int n) {
        if (n <= 2) {
            return n == 1 ? a[at] : a[at] + a[at + 1];
        }
        int half = Integer.highestOneBit(n - 1);
        return tree(a, at, half) + tree(a, at + half, n - half);
    }

    /** The end of a dot product: adds the products that do not fill all lanes, then sums the lanes as a tree. */
    static float finishDot(int k, float[] a, int aAt, float[] b, int bAt, float[] lanes, int at) {
        for (int x = k - k % LANES; x < k; x++) {
            lanes[at + x % LANES] = Math.fma(a[aAt + x], b[bAt + x], lanes[at + x % LANES]);
        }
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int lane = 0; lane < half; lane++) {
                lanes[at + lane] += lanes[at + lane + half];
            }
        }
        return lanes[at];
    }
}
