package dev.kindling.job.task.table;

import dev.kindling.job.random.RandomStream;

/**
 * A pseudo-random permutation of 0 .. n-1 that is computed element by element in constant memory: a Feistel network of four
 * rounds over the smallest even number of bits that holds n, repeated until the result is below n (cycle walking; Black and
 * Rogaway, CT-RSA 2002).
 */
final class GroupPermutation {
    private static final int ROUNDS = 4;

    private final long seed;
    private final int count;
    private final int halfBits;

    GroupPermutation(long seed, int count) {
        this.seed = seed;
        this.count = count;
        this.halfBits = Math.max(1, (Integer.SIZE - Integer.numberOfLeadingZeros(count - 1) + 1) / 2);
    }

    /** The element at a position, 0 .. n-1. */
    int at(int position) {
        long value = position;
        do {
            value = mixed(value);
        } while (value >= count);
        return (int) value;
    }

    private long mixed(long value) {
        long mask = (1L << halfBits) - 1;
        long left = value >>> halfBits;
        long right = value & mask;
        for (int round = 0; round < ROUNDS; round++) {
            long next = left ^ (RandomStream.seed(seed, round, right) & mask);
            left = right;
            right = next;
        }
        return left << halfBits | right;
    }
}
