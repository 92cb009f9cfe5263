package dev.kindling.driver.training;

import java.time.Duration;

/**
 * How long a run is and what it writes on the way.
 *
 * @param seed from which everything random in the run follows
 * @param rounds of meta-training, at least 1
 * @param logEvery rounds between two lines of {@code metrics.jsonl}; 0 for none
 * @param tasksPerRound tasks of one round, at least 1
 * @param together how many of them make one contribution: 1, or a divisor of theirs
 * @param wallTime after which training ends, whatever is left of its rounds; zero for never. How far a run then comes
 *     depends on the machine, and so do its bits
 */
public record RunSettings(long seed, long rounds, long logEvery, int tasksPerRound, int together, Duration wallTime) {
    public RunSettings {
        atLeast(1, "run.rounds", rounds);
        atLeast(0, "run.log-every", logEvery);
        atLeast(1, "task.meta-batch-size", tasksPerRound);
        if (together < 1 || tasksPerRound % together != 0) {
            throw new IllegalArgumentException("task.meta-batch-size is " + tasksPerRound
                    + "; it must be a multiple of the " + together + " tasks that are taken together");
        }
        if (wallTime.isNegative()) {
            throw new IllegalArgumentException(
                    "run.wall-time is " + wallTime.toMillis() + " ms; it must be at least 0");
        }
    }

    /** A run of single tasks that ends by its rounds alone. */
    public RunSettings(long seed, long rounds, long logEvery, int tasksPerRound) {
        this(seed, rounds, logEvery, tasksPerRound, 1, Duration.ZERO);
    }

    /** Contributions of one round. */
    public int contributions() {
        return tasksPerRound / together;
    }

    /** Whether the time is over after so many seconds of the run. */
    public boolean isOverAfter(double seconds) {
        return !wallTime.isZero() && seconds * 1e9 >= wallTime.toNanos();
    }

    private static void atLeast(long least, String key, long value) {
        if (value < least) {
            throw new IllegalArgumentException(key + " is " + value + "; it must be at least " + least);
        }
    }

    /** Whether lines are written at all. */
    boolean logs() {
        return logEvery > 0;
    }

    /** Whether a line is written after the given count of rounds: at the period, and after the last. */
    boolean logsAfter(long done) {
        return logEvery > 0 && (done % logEvery == 0 || done == rounds);
    }
}
