package dev.kindling.driver.optimizer;

import dev.kindling.job.tensor.FlatVector;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything a meta-optimizer remembers between rounds: what a checkpoint writes.
 *
 * @param updates how many updates it has made
 * @param moments its vectors by ND4J's names ({@code M} and {@code V} for Adam), each as long as θ and of θ's precision
 */
public record OptimizerState(long updates, SortedMap<String, FlatVector> moments) {
    public OptimizerState {
        moments = Collections.unmodifiableSortedMap(new TreeMap<>(moments));
    }
}
