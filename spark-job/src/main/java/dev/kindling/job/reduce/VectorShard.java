package dev.kindling.job.reduce;

import dev.kindling.job.tensor.FlatVector;

/**
 * The position of one of {@code count} consecutive parts of a vector, of equal length give or take one. Addition is
 * elementwise, so the shard of a sum is the sum of the shards, bit for bit.
 *
 * @param index of the shard, from 0 on
 */
public record VectorShard(int index, int count) {
    public VectorShard {
        if (count < 1 || index < 0 || index >= count) {
            throw new IllegalArgumentException("shard " + index + " of " + count + " does not exist");
        }
    }

    /** Its first index in a vector of the given length. */
    public int from(int size) {
        return (int) ((long) size * index / count);
    }

    /** Its length in a vector of the given length. */
    public int length(int size) {
        return (int) ((index + 1L) * size / count) - from(size);
    }

    /** A copy of this shard of a vector. */
    public FlatVector of(FlatVector whole) {
        int length = length(whole.size());
        FlatVector shard = FlatVector.zeros(whole.precision(), length);
        shard.copyFrom(whole, from(whole.size()), 0, length);
        return shard;
    }
}
