package dev.kindling.driver.training;

import dev.kindling.driver.metrics.MetricsWriter;
import dev.kindling.driver.metrics.TrackingSettings;
import dev.kindling.job.algorithm.EnsembleAlgorithm;
import java.time.Duration;

/**
 * The length of a run, its meta-batch size, its members and how often it logs.
 *
 * @param seed determines everything random in the run
 * @param rounds of meta-training; 0 for a method whose start is fitted to training tasks and is the model
 * @param logEvery rounds between two lines of {@code metrics.jsonl}; 0 for none
 * @param metricsFiles the files that metrics are written to
 * @param tracking the tracking server that the run is logged to
 * @param tasksPerRound meta-batch size, at least 1, for each member
 * @param tasksPerContribution number of tasks that make one contribution: 1, or a divisor of the meta-batch size
 * @param wallTime limit after which training ends, whatever rounds remain; zero for none. The number of rounds, and with it
 *     the result, then depends on the machine's speed
 * @param members number of models that are trained together as an ensemble, at least 1
 * @param leastGroups groups of a table below which a start that is fitted to them is the model
 * @param emaDecay decay of the moving average of θ over rounds that is validated and becomes the model; 0 for θ itself
 */
public record RunSettings(
        long seed,
        long rounds,
        long logEvery,
        MetricsWriter.Files metricsFiles,
        TrackingSettings tracking,
        int tasksPerRound,
        int tasksPerContribution,
        Duration wallTime,
        int members,
        int leastGroups,
        double emaDecay) {
    public RunSettings {
        atLeast(0, "run.rounds", rounds);
        atLeast(0, "run.log-every", logEvery);
        atLeast(1, "task.meta-batch-size", tasksPerRound);
        atLeast(1, EnsembleAlgorithm.KEY, members);
        atLeast(0, "run.min-training-groups", leastGroups);
        if (!(emaDecay >= 0 && emaDecay < 1)) {
            throw new IllegalArgumentException("run.ema-decay is " + emaDecay + "; it must be at least 0 and below 1");
        }
        if (tasksPerContribution < 1 || tasksPerRound % tasksPerContribution != 0) {
            throw new IllegalArgumentException("task.meta-batch-size is " + tasksPerRound
                    + "; it must be a multiple of the " + tasksPerContribution + " tasks of one contribution");
        }
        if (wallTime.isNegative()) {
            throw new IllegalArgumentException(
                    "run.wall-time is " + wallTime.toMillis() + " ms; it must be at least 0");
        }
    }

    /** A run of one model, of single tasks, without a time limit and a moving average. */
    public RunSettings(long seed, long rounds, long logEvery, int tasksPerRound) {
        this(
                seed,
                rounds,
                logEvery,
                MetricsWriter.Files.LINES,
                TrackingSettings.NONE,
                tasksPerRound,
                1,
                Duration.ZERO,
                1,
                0,
                0);
    }

    /** Number of tasks of one round, those of all members. */
    public int allTasksPerRound() {
        return Math.multiplyExact(tasksPerRound, members);
    }

    /** Number of contributions of one round to the meta-gradient of each member. */
    public int contributions() {
        return tasksPerRound / tasksPerContribution;
    }

    /** Whether the time limit is reached after the given number of seconds. */
    public boolean isOverAfter(double seconds) {
        return !wallTime.isZero() && seconds * 1e9 >= wallTime.toNanos();
    }

    private static void atLeast(long least, String key, long value) {
        if (value < least) {
            throw new IllegalArgumentException(key + " is " + value + "; it must be at least " + least);
        }
    }

    /** Whether metrics are written at all. */
    boolean logs() {
        return logEvery > 0;
    }

    /** Whether a line is written after the given number of rounds: every {@code logEvery} rounds and after the last. */
    boolean logsAfter(long done) {
        return logEvery > 0 && (done % logEvery == 0 || done == rounds);
    }
}
