package dev.kindling.job.backend.vector;

import java.util.Arrays;

/**
 * A planned strided copy: loops over the outer axes, and for the inner axes a contiguous copy, a fill with one element, or a
 * gather through a table of offsets. Axes of extent 1 are dropped, and axes that are contiguous on both sides are merged.
 */
final class FloatCopies {
    /** Limit of table entries: enough to make the cost of the outer loops negligible, few enough for the L1 cache. */
    private static final int MAX_TABLE_SIZE = 4096;

    private final int[] extents;
    private final int[] dStrides;
    private final int[] aStrides;
    /** Source offsets of the elements of the inner axes, relative to the first; empty if these are copied or filled. */
    private final int[] table;
    /** Number of outer axes, which are loops. */
    private final int loops;

    private FloatCopies(int[] extents, int[] dStrides, int[] aStrides) {
        this.extents = extents;
        this.dStrides = dStrides;
        this.aStrides = aStrides;
        int last = extents.length - 1;
        boolean gathers = last >= 0 && dStrides[last] == 1 && aStrides[last] > 1;
        int axis = Math.max(0, last);
        int size = last < 0 ? 1 : extents[last];
        while (gathers && axis > 0 && dStrides[axis - 1] == size && size * extents[axis - 1] <= MAX_TABLE_SIZE) {
            size *= extents[--axis];
        }
        this.loops = axis;
        this.table = gathers && size <= MAX_TABLE_SIZE ? table(axis, size) : new int[0];
    }

    /** Plans a copy of the given extents, and strides of destination and source; a source stride of 0 broadcasts. */
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
        int[][] remaining = Arrays.copyOf(axes, count);
        return new FloatCopies(
                Arrays.stream(remaining).mapToInt(axis -> axis[0]).toArray(),
                Arrays.stream(remaining).mapToInt(axis -> axis[1]).toArray(),
                Arrays.stream(remaining).mapToInt(axis -> axis[2]).toArray());
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
