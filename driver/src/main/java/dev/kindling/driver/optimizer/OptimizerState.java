package dev.kindling.driver.optimizer;

import dev.kindling.job.tensor.FlatVector;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The state of a meta-optimizer between rounds, which checkpoints store.
 *
 * @param updates number of updates made
 * @param moments by the names of the update rule ({@code mean} and {@code square} for Adam), each of θ's length and precision
 */
public record OptimizerState(long updates, SortedMap<String, FlatVector> moments) {
    public OptimizerState {
        moments = Collections.unmodifiableSortedMap(new TreeMap<>(moments));
    }
}
