package dev.kindling.driver.metrics;

import java.util.OptionalDouble;

/**
 * One line of {@code metrics.jsonl}.
 *
 * @param round how many rounds are done, from 1 on
 * @param queryLoss mean over the round's tasks, after adaptation
 * @param queryAccuracy a fraction; empty for regression
 * @param supportLoss mean over the round's tasks, at θ
 * @param validationLoss over the tasks of a validation; empty where none was made after this round
 * @param validationAccuracy the same, a fraction; empty for regression
 * @param metaGradientNorm before clipping
 * @param tasks that were added
 * @param failedTasks that were left out
 * @param seconds since the run began
 * @param tasksPerSecond all tasks since the line before over the wall time since then; see {@link TrainingThroughput}
 * @param bytesOut to workers, in this round
 * @param bytesIn from workers, in this round
 * @param times where the time of a round went, as the mean of the rounds since the line before
 */
public record RoundMetrics(
        long round,
        double queryLoss,
        OptionalDouble queryAccuracy,
        double supportLoss,
        OptionalDouble validationLoss,
        OptionalDouble validationAccuracy,
        double metaGradientNorm,
        int tasks,
        int failedTasks,
        double seconds,
        double tasksPerSecond,
        long bytesOut,
        long bytesIn,
        RoundTimings times) {}
