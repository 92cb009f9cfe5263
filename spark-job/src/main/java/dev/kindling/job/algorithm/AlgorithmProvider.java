package dev.kindling.job.algorithm;

import java.util.Map;

/**
 * A user-defined meta-learning method, found by {@link java.util.ServiceLoader} and selected by its name in
 * {@code algorithm.name}. Used on the driver only; executors get programs.
 */
public interface AlgorithmProvider {
    /** The value of {@code algorithm.name} that selects this method. */
    String name();

    /**
     * Creates the configured method.
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
