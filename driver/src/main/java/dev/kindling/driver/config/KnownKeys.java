package dev.kindling.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import dev.kindling.job.task.PrintableText;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** Checks keys against those of {@code reference.conf}, which are the keys that a job may set. */
final class KnownKeys {
    private static final int LONGEST = 100;

    private final ConfigObject reference;
    private final TreeSet<String> keys = new TreeSet<>();

    KnownKeys(Config reference) {
        this.reference = reference.root();
        collect("", this.reference);
    }

    private void collect(String prefix, ConfigObject section) {
        for (Map.Entry<String, ConfigValue> entry : section.entrySet()) {
            String key = prefix + entry.getKey();
            if (entry.getValue() instanceof ConfigObject inner && !inner.isEmpty()) {
                collect(key + ".", inner);
            } else {
                keys.add(key);
            }
        }
    }

    Collection<String> all() {
        return keys;
    }

    /** Refuses the first key that {@code reference.conf} does not have; the message has the nearest known key. */
    void refuseOthers(Config given) {
        refuseOthers("", given.root(), reference);
    }

    private void refuseOthers(String prefix, ConfigObject given, ConfigObject known) {
        for (Map.Entry<String, ConfigValue> entry : new TreeMap<>(given).entrySet()) {
            ConfigValue value = entry.getValue();
            ConfigValue reference = known.get(entry.getKey());
            String key = prefix + entry.getKey();
            if (reference == null) {
                throw unknown(firstLeaf(key, value));
            }
            if (reference instanceof ConfigObject section) {
                if (!(value instanceof ConfigObject inner)) {
                    throw new IllegalArgumentException(key + " is " + PrintableText.line(shown(value))
                            + (section.isEmpty()
                                    ? "; it must be an object, { name = value }"
                                    : "; it is a section of keys, such as " + keys.ceiling(key + ".")));
                }
                // An empty section of the reference is a key whose value is an object with names of any kind.
                if (!section.isEmpty()) {
                    refuseOthers(key + ".", inner, section);
                }
            }
        }
    }

    private static String firstLeaf(String key, ConfigValue value) {
        if (value instanceof ConfigObject section && !section.isEmpty()) {
            Map.Entry<String, ConfigValue> first = new TreeMap<>(section).firstEntry();
            return firstLeaf(key + "." + first.getKey(), first.getValue());
        }
        return key;
    }

    private IllegalArgumentException unknown(String key) {
        Optional<String> renamed = RenamedKeys.newName(key);
        if (renamed.isPresent()) {
            return new IllegalArgumentException("the key " + key + " is called " + renamed.get() + " since 0.2.0");
        }
        return new IllegalArgumentException(
                "there is no key " + PrintableText.line(key) + "; the nearest is " + nearest(key));
    }

    /**
     * The known key with the smallest edit distance to the given one. The distance to a former name counts too, and a
     * missing section counts as two edits.
     */
    String nearest(String key) {
        String nearest = Stream.concat(keys.stream(), RenamedKeys.formerNames().stream())
                .min(Comparator.comparingInt(known -> edits(key, known)))
                .orElseThrow();
        return RenamedKeys.newName(nearest).orElse(nearest);
    }

    private static int edits(String key, String known) {
        // Cut, since the time of a comparison grows with the length, and text longer than every key resembles none.
        String given = key.substring(0, Math.min(key.length(), LONGEST));
        LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
        int whole = distance.apply(given, known);
        int tail = distance.apply(given, known.substring(known.lastIndexOf('.') + 1)) + 2;
        return Math.min(whole, tail);
    }

    static String shown(ConfigValue value) {
        return value.valueType() == ConfigValueType.STRING
                ? String.valueOf(value.unwrapped())
                : value.render(ConfigRenderOptions.concise());
    }
}
