package dev.kindling.job.task;

import dev.kindling.job.random.RandomStream;

/**
 * Identifies a task, which is a pure function of its key and the source.
 *
 * @param seed of the run or of the evaluation
 * @param split the split that the task is sampled from
 * @param round 0-based; 0 in evaluations
 * @param index 0-based, within the round
 */
public record TaskKey(long seed, Split split, long round, int index) {
    /** The seed of the task's own random numbers, different for every key. */
    public long taskSeed() {
        return RandomStream.seed(seed, split.key(), round, index);
    }
}
