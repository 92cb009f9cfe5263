package dev.kindling.job.backend.nd4j;

import java.util.Arrays;

/**
 * The extents, strides and offset of a strided array, in elements; strides may be 0.
 */
record Strided(long[] extents, long[] strides, long offset) {
    /** Row-major, with a leading task axis. */
    static Strided dense(int tasks, long perTask, long... extents) {
        long[] strides = new long[extents.length];
        long stride = 1;
        for (int axis = extents.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= extents[axis];
        }
        return of(tasks, perTask, extents, strides, 0);
    }

    /** With a leading task axis of stride {@code perTask}. */
    static Strided of(int tasks, long perTask, long[] extents, long[] strides, long offset) {
        return new Strided(with(tasks, extents), with(perTask, strides), offset);
    }

    private static long[] with(long first, long[] rest) {
        long[] all = new long[rest.length + 1];
        all[0] = first;
        System.arraycopy(rest, 0, all, 1, rest.length);
        return all;
    }

    /** Extents or strides in ND4J's type. */
    static long[] longs(int[] values) {
        return Arrays.stream(values).asLongStream().toArray();
    }
}
