package dev.kindling.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Maps keys and values of version 0.1.0 to their present names. A job file or {@code --set} with a former name is
 * refused, and the message has the new name; the stored configuration of a run of 0.1.0 is translated, so that its
 * model can still be evaluated.
 */
final class RenamedKeys {
    private static final String EXECUTOR_TIMEOUT = "cluster.executor-timeout";

    private static final Map<String, String> KEYS = Map.ofEntries(
            Map.entry("task.per-round", "task.meta-batch-size"),
            Map.entry("algorithm.inner-rate", "algorithm.inner-learning-rate"),
            Map.entry("optimizer.rate", "optimizer.learning-rate"),
            Map.entry("optimizer.clip", "optimizer.clip-norm"),
            Map.entry("transfer.rate", "transfer.learning-rate"),
            Map.entry("meta-sgd.rate", "meta-sgd.learning-rate"),
            Map.entry("imaml.terms", "imaml.max-iterations"),
            Map.entry("few-shot.ink", "few-shot.polarity"),
            Map.entry("cluster.wait", EXECUTOR_TIMEOUT));

    private static final Map<String, Map<String, String>> VALUES = Map.of(
            "cluster.mode", Map.of("resident", "persistent"),
            "backend.name", Map.of("plain", "reference"));

    private RenamedKeys() {}

    /** The present name of a renamed key of 0.1.0; empty for any other key. */
    static Optional<String> newName(String key) {
        return Optional.ofNullable(KEYS.get(key));
    }

    /** The keys of 0.1.0 that have been renamed, in alphabetical order. */
    static SortedSet<String> formerNames() {
        return new TreeSet<>(KEYS.keySet());
    }

    /** Whether a configuration has a key that has been renamed since 0.1.0. */
    static boolean hasFormerKey(Config stored) {
        return KEYS.keySet().stream().anyMatch(stored::hasPath);
    }

    /** A stored configuration with every former key and value replaced by the present one. */
    static Config translated(Config stored) {
        Config translated = stored;
        for (Map.Entry<String, String> renamed : KEYS.entrySet()) {
            if (stored.hasPath(renamed.getKey())) {
                ConfigValue value = stored.getValue(renamed.getKey());
                // In 0.1.0 its value was a number of seconds, without a unit.
                ConfigValue written = renamed.getValue().equals(EXECUTOR_TIMEOUT)
                        ? ConfigValueFactory.fromAnyRef(KnownKeys.shown(value) + "s")
                        : value;
                translated = translated.withoutPath(renamed.getKey()).withValue(renamed.getValue(), written);
            }
        }
        for (Map.Entry<String, Map<String, String>> key : VALUES.entrySet()) {
            if (translated.hasPath(key.getKey())) {
                String word = KnownKeys.shown(translated.getValue(key.getKey()));
                translated = translated.withValue(
                        key.getKey(),
                        ConfigValueFactory.fromAnyRef(key.getValue().getOrDefault(word, word)));
            }
        }
        return translated;
    }
}
