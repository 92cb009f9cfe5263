package dev.kindling;

import java.util.LinkedHashMap;
import java.util.Map;

/** A meta-learning method as it is configured, by the builders of this package or by name. */
public final class Method {
    private final Map<String, Object> settings;

    Method(String name, Map<String, Object> options) {
        Map<String, Object> all = new LinkedHashMap<>(options);
        all.put("algorithm.name", name);
        this.settings = Map.copyOf(all);
    }

    /**
     * The method of a name, one of Kindling's or of a registered {@link dev.kindling.job.algorithm.AlgorithmProvider}.
     *
     * @param options configuration keys and their values, such as {@code algorithm.inner-steps}
     */
    public static Method named(String name, Map<String, Object> options) {
        return new Method(name, options);
    }

    Map<String, Object> settings() {
        return settings;
    }
}
