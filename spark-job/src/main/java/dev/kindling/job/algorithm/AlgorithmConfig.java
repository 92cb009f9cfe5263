package dev.kindling.job.algorithm;

import java.util.List;

/**
 * The configuration of a method: {@code algorithm.*} and a section with the method's name. Each accessor throws
 * IllegalArgumentException naming the key, the value and what is allowed if the value has another type. Used on the driver.
 */
public interface AlgorithmConfig {
    /** A finite number. */
    double number(String key);

    /** An integer. */
    int count(String key);

    /** {@code true} or {@code false}. */
    boolean bool(String key);

    /** A text or a list of them. */
    List<String> strings(String key);

    /** Two finite numbers, {@code [low, high]}; a single number is both. */
    List<Double> range(String key);

    /** Whether the value is the given word. */
    boolean isKeyword(String key, String word);

    /** The enum constant whose name, in lower case with {@code -} between words, is the value. */
    <E extends Enum<E>> E choice(String key, Class<E> type);
}
