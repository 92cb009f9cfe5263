package dev.kindling.job.reduce;

import dev.kindling.job.tensor.FlatVector;

/**
 * One of {@code count} consecutive parts of equal length, give or take a number, of a run of numbers. Adding is number by
 * number, so the slice of a sum is the sum of the slices, bit for bit.
 *
 * @param index of the slice, from 0 on
 */
public record VectorShard(int index, int count) {
    public VectorShard {
        if (count < 1 || index < 0 || index >= count) {
            throw new IllegalArgumentException("slice " + index + " of " + count + " is none");
        }
    }

    /** Where it begins in a run of so many numbers. */
    public int from(int size) {
        return (int) ((long) size * index / count);
    }

    /** How many of so many numbers it has. */
    public int length(int size) {
        return (int) ((index + 1L) * size / count) - from(size);
    }

    /** A copy of this slice of the given numbers. */
    public FlatVector of(FlatVector whole) {
        int length = length(whole.size());
        FlatVector slice = FlatVector.zeros(whole.precision(), length);
        slice.copyFrom(whole, from(whole.size()), 0, length);
        return slice;
    }
}
