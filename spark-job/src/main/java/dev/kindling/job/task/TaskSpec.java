package dev.kindling.job.task;

import dev.kindling.job.random.RandomStream;
import java.util.Arrays;

/**
 * The description of one sampled task: the driver sends it to an executor instead of the data. Immutable by convention: the
 * array is never written.
 *
 * @param seed the task's own, {@link TaskKey#taskSeed}
 * @param sampleIndices defined by the source that sampled the task, for example class and image numbers; may be empty
 */
public record TaskSpec(Split split, long round, int index, long seed, int[] sampleIndices) {
    /** The length of {@link #key}. */
    public static final int KEY_PARTS = 2;

    private static final long KEY_STREAM = 0x6b6579;

    /**
     * The key of the random numbers that programs draw for the task: integers below 2^24, which every precision
     * represents exactly.
     */
    public int[] key() {
        RandomStream stream = RandomStream.of(seed, KEY_STREAM);
        return new int[] {stream.nextInt(1 << 24), stream.nextInt(1 << 24)};
    }

    /** The same task with another index in its round. */
    public TaskSpec withIndex(int other) {
        return other == index ? this : new TaskSpec(split, round, other, seed, sampleIndices);
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

    /** The task as messages name it: {@code task 3 of round 17}. */
    @Override
    public String toString() {
        return "task " + index + " of round " + round;
    }
}
