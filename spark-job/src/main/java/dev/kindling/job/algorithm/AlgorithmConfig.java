package dev.kindling.job.algorithm;

import java.util.List;

/**
 * What is configured for a method: {@code algorithm.*} and a section of the method's own name. Each reading refuses a value
 * of another type with IllegalArgumentException, naming the key, the value and what is allowed. Lives on the driver.
 */
public interface AlgorithmConfig {
    /** A finite number. */
    double number(String key);

    /** A whole number. */
    int count(String key);

    /** {@code true} or {@code false}. */
    boolean bool(String key);

    /** A text or a list of them. */
    List<String> strings(String key);

    /** Two finite numbers, {@code [low, high]}; a single number is both. */
    List<Double> range(String key);

    /** Whether the value is the given word. */
    boolean isKeyword(String key, String word);

    /** The constant of an enum that is written like this, in lower case with {@code -} between words. */
    <E extends Enum<E>> E choice(String key, Class<E> type);
}
