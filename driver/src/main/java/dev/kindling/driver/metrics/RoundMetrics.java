package dev.kindling.driver.metrics;

import java.util.OptionalDouble;

/**
 * The metrics of one round: a line of {@code metrics.jsonl}.
 *
 * @param round number of rounds done, this one included
 * @param queryLoss mean over the round's tasks, after adaptation
 * @param queryAccuracy mean over the round's tasks, a fraction; empty for regression
 * @param supportLoss mean over the round's tasks, at θ
 * @param validationLoss mean over the validation tasks; empty if no validation followed this round
 * @param validationAccuracy mean over the validation tasks, a fraction; empty for regression
 * @param metaGradientNorm L2 norm before clipping
 * @param tasks number of tasks that contributed
 * @param failedTasks number of tasks that were left out
 * @param seconds wall time since the run began
 * @param tasksPerSecond tasks over wall time since the previous line; see {@link TrainingThroughput}
 * @param bytesOut bytes sent to executors in this round
 * @param bytesIn bytes received from executors in this round
 * @param times wall time per round by part, mean over the rounds since the previous line
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
