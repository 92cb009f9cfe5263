package dev.kindling.job.backend.vector;

import java.util.Arrays;

/** Kernels that search or index the rows of a matrix. */
final class FloatRows {
    private FloatRows() {}

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
