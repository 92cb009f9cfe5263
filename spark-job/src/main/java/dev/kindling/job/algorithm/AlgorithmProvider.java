package dev.kindling.job.algorithm;

import java.util.Map;

/**
 * A meta-learning method of a user's own, found by {@link java.util.ServiceLoader}: {@code algorithm.name} is its name. Used on
 * the driver alone; executors get the programs that it makes.
 */
public interface AlgorithmProvider {
    /** The value of {@code algorithm.name} that means this method. */
    String name();

    /**
     * The method as it is configured.
     *
     * @param config {@code algorithm.*} and the keys of {@link #defaults}
     * @throws IllegalArgumentException naming the key, its value and what is allowed
     */
    Algorithm create(AlgorithmConfig config);

    /** The method's own keys, which begin with its name and a dot, and their defaults: numbers, booleans, texts or lists. */
    default Map<String, Object> defaults() {
        return Map.of();
    }
}
