package dev.kindling.job.task;

import dev.kindling.job.random.RandomStream;

/**
 * What a task is a pure function of: the run's or the evaluation's seed, what it is drawn for, its round (0-based; 0 in
 * evaluations) and its index in the round (0-based).
 */
public record TaskKey(long seed, Split split, long round, int index) {
    /** The seed of the task itself, different for every key. */
    public long taskSeed() {
        return RandomStream.seed(seed, split.key(), round, index);
    }
}
