package dev.kindling.job.backend.nd4j;

import java.util.Arrays;

/**
 * A way to read memory: extents, the distance between neighbours along each axis, which may be 0, and where it begins;
 * all in elements.
 */
record Strided(long[] extents, long[] strides, long offset) {
    /** Row-major, the axis of tasks in front. */
    static Strided dense(int tasks, long perTask, long... extents) {
        long[] strides = new long[extents.length];
        long stride = 1;
        for (int axis = extents.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= extents[axis];
        }
        return of(tasks, perTask, extents, strides, 0);
    }

    /** With an axis of tasks in front, which are {@code perTask} elements apart. */
    static Strided of(int tasks, long perTask, long[] extents, long[] strides, long offset) {
        return new Strided(with(tasks, extents), with(perTask, strides), offset);
    }

    private static long[] with(long first, long[] others) {
        long[] all = new long[others.length + 1];
        all[0] = first;
        System.arraycopy(others, 0, all, 1, others.length);
        return all;
    }

    /** Extents or strides as ND4J takes them. */
    static long[] longs(int[] numbers) {
        return Arrays.stream(numbers).asLongStream().toArray();
    }
}
