package dev.kindling.driver.aggregator;

import dev.kindling.job.tensor.FlatVector;
import java.util.SortedMap;

/**
 * The meta-gradient of a round, with the means of its per-task outputs.
 *
 * @param gradient the mean over the round's tasks, clipped, laid out as the program's sums, in their precision
 * @param statistics differences of θ's running statistics and the round's batch statistics; the gradient is 0 there
 * @param norm Euclidean norm of the mean before clipping, in double; for an ensemble the mean of its members' norms
 * @param means the program's per-task scalars by name ({@code query_loss}, ...), each the mean over the same tasks
 * @param tasks number of tasks that were added
 */
public record MetaGradient(
        FlatVector gradient, FlatVector statistics, double norm, SortedMap<String, Double> means, int tasks) {}
