package dev.kindling;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Collects the configuration keys that a part of a job sets; a key that is not set keeps the default of {@code reference.conf}.
 *
 * @param <B> the builder's own type
 */
public abstract class SettingsBuilder<B extends SettingsBuilder<B>> {
    private final Map<String, Object> settings = new LinkedHashMap<>();

    SettingsBuilder() {}

    /** This builder. */
    abstract B self();

    /**
     * Sets any configuration key (docs/configuration.md).
     *
     * @param value a number, a boolean, a text, a list of them or a map
     */
    public final B set(String key, Object value) {
        settings.put(key, value);
        return self();
    }

    final B setAll(Map<String, Object> values) {
        settings.putAll(values);
        return self();
    }

    final Map<String, Object> settings() {
        return Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    }
}
