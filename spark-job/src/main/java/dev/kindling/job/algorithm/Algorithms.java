package dev.kindling.job.algorithm;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** The methods by name. */
public final class Algorithms {
    private static final Map<String, Function<InnerSettings, Algorithm>> KNOWN =
            new TreeMap<>(Map.of("maml", Maml::new, "fomaml", Fomaml::new));

    private Algorithms() {}

    /**
     * The method that {@code algorithm.name} names.
     *
     * @throws IllegalArgumentException with the known names if there is none
     */
    public static Algorithm named(String name, InnerSettings settings) {
        Function<InnerSettings, Algorithm> known = KNOWN.get(name);
        if (known == null) {
            throw new IllegalArgumentException(
                    "algorithm.name is " + name + "; it must be one of " + String.join(", ", KNOWN.keySet()));
        }
        return known.apply(settings);
    }
}
