package dev.kindling.job.backend.vector;

import java.util.Arrays;

/**
 * A strided copy, planned: loops over the outer axes, and over the inner ones a run of neighbours, one number repeated, or
 * numbers picked one by one from where a table says. Axes of one place are dropped, and axes that follow each other on both
 * sides become one.
 */
final class FloatCopies {
    /** Entries of a table: enough to make the loops around it not count, few enough to stay in the first cache. */
    private static final int GREATEST_TABLE = 4096;

    private final int[] extents;
    private final int[] dStrides;
    private final int[] aStrides;
    /** Where the numbers of the inner axes are picked, relative to the first; empty where they are a run. */
    private final int[] table;
    /** Axes that are loops. */
    private final int loops;

    private FloatCopies(int[] extents, int[] dStrides, int[] aStrides) {
        this.extents = extents;
        this.dStrides = dStrides;
        this.aStrides = aStrides;
        int last = extents.length - 1;
        boolean picked = last >= 0 && dStrides[last] == 1 && aStrides[last] > 1;
        int axis = Math.max(0, last);
        int size = last < 0 ? 1 : extents[last];
        while (picked && axis > 0 && dStrides[axis - 1] == size && size * extents[axis - 1] <= GREATEST_TABLE) {
            size *= extents[--axis];
        }
        this.loops = axis;
        this.table = picked && size <= GREATEST_TABLE ? table(axis, size) : new int[0];
    }

    /** Plans a copy: extents, and strides on both sides; a source stride of 0 repeats. */
    static FloatCopies of(int[] extents, int[] dStrides, int[] aStrides) {
        int[][] axes = new int[extents.length][];
        int count = 0;
        for (int axis = 0; axis < extents.length; axis++) {
            int n = extents[axis];
            int[] before = count > 0 ? axes[count - 1] : new int[3];
            if (n == 1) {
                continue;
            }
            if (count > 0 && before[1] == n * dStrides[axis] && before[2] == n * aStrides[axis]) {
                axes[count - 1] = new int[] {before[0] * n, dStrides[axis], aStrides[axis]};
            } else {
                axes[count++] = new int[] {n, dStrides[axis], aStrides[axis]};
            }
        }
        int[][] kept = Arrays.copyOf(axes, count);
        return new FloatCopies(
                Arrays.stream(kept).mapToInt(axis -> axis[0]).toArray(),
                Arrays.stream(kept).mapToInt(axis -> axis[1]).toArray(),
                Arrays.stream(kept).mapToInt(axis -> axis[2]).toArray());
    }

    private int[] table(int from, int size) {
        int[] offsets = new int[size];
        for (int i = 0; i < size; i++) {
            int rest = i;
            for (int axis = extents.length - 1; axis >= from; axis--) {
                offsets[i] += rest % extents[axis] * aStrides[axis];
                rest /= extents[axis];
            }
        }
        return offsets;
    }

    void run(float[] d, int dAt, float[] a, int aAt) {
        if (extents.length == 0) {
            d[dAt] = a[aAt];
        } else {
            run(0, d, dAt, a, aAt);
        }
    }

    private void run(int axis, float[] d, int dAt, float[] a, int aAt) {
        if (axis == loops) {
            innermost(d, dAt, a, aAt);
            return;
        }
        for (int i = 0; i < extents[axis]; i++) {
            run(axis + 1, d, dAt + i * dStrides[axis], a, aAt + i * aStrides[axis]);
        }
    }

    private void innermost(float[] d, int dAt, float[] a, int aAt) {
        int last = extents.length - 1;
        int n = extents[last];
        int dStep = dStrides[last];
        int aStep = aStrides[last];
        if (table.length > 0) {
            for (int i = 0; i < table.length; i++) {
                d[dAt + i] = a[aAt + table[i]];
            }
        } else if (dStep == 1 && aStep == 1) {
            System.arraycopy(a, aAt, d, dAt, n);
        } else if (dStep == 1 && aStep == 0) {
            Arrays.fill(d, dAt, dAt + n, a[aAt]);
        } else {
            for (int i = 0; i < n; i++) {
                d[dAt + i * dStep] = a[aAt + i * aStep];
            }
        }
    }
}
