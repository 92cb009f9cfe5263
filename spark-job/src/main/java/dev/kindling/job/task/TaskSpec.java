package dev.kindling.job.task;

import dev.kindling.job.random.RandomStream;
import java.util.Arrays;

/**
 * The small description of one task: it travels from the driver to an executor, the data does not. {@link #sampleIndices} means
 * what the source that made it says, for example class and drawing numbers; it may be empty. Immutable by convention:
 * nobody writes to the array.
 */
public record TaskSpec(Split split, long round, int index, long seed, int[] sampleIndices) {
    /** Numbers in {@link #key}. */
    public static final int KEY_PARTS = 2;

    private static final long KEY_PURPOSE = 0x6b6579;

    /** What the task's own random numbers are drawn with: whole numbers below 2^24, which every precision holds. */
    public int[] key() {
        RandomStream stream = RandomStream.of(seed, KEY_PURPOSE);
        return new int[] {stream.nextInt(1 << 24), stream.nextInt(1 << 24)};
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TaskSpec that
                && split == that.split
                && round == that.round
                && index == that.index
                && seed == that.seed
                && Arrays.equals(sampleIndices, that.sampleIndices);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(seed) * 31 + index;
    }

    /** As errors name a task: {@code task 3 of round 17}. */
    @Override
    public String toString() {
        return "task " + index + " of round " + round;
    }
}
