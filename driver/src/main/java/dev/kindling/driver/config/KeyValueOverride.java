package dev.kindling.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.math.BigDecimal;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Overrides one key with the {@code key=value} of a {@code --set} option. A value that parses as a number, a boolean, a
 * list or an object has that type; any other is a string, so that a URI such as {@code hdfs://name/folder} needs no
 * quotes.
 */
record KeyValueOverride(String key, ConfigValue value) {
    /** The most characters of a number: parsing takes time quadratic in them. */
    private static final int LONGEST_NUMBER = 64;

    /** Parses {@code key=value}; IllegalArgumentException if it has no {@code =} or no valid key before it. */
    static KeyValueOverride parse(String text) {
        int equals = text.indexOf('=');
        String key = equals < 0 ? "" : text.substring(0, equals).trim();
        if (key.isEmpty()) {
            throw new IllegalArgumentException("--set is " + text + "; it must be key=value");
        }
        try {
            HoconScan.check("the key of --set", key);
            ConfigUtil.splitPath(key);
        } catch (ConfigException e) {
            throw new IllegalArgumentException("--set is " + text + "; " + key + " is not a key", e);
        }
        String value = text.substring(equals + 1);
        return new KeyValueOverride(key, typed(value.trim(), value, key));
    }

    Config config() {
        return value.atPath(key);
    }

    /** The keys that it sets: its own or, of an object, those of all values in it. */
    SortedSet<String> keys() {
        SortedSet<String> keys = new TreeSet<>();
        collect(String.join(".", ConfigUtil.splitPath(key)), value, keys);
        return keys;
    }

    private static void collect(String key, ConfigValue value, SortedSet<String> keys) {
        if (value instanceof ConfigObject object && !object.isEmpty()) {
            object.forEach((name, inner) -> collect(key + "." + name, inner, keys));
        } else {
            keys.add(key);
        }
    }

    private static ConfigValue typed(String trimmed, String value, String key) {
        if (trimmed.equals("true") || trimmed.equals("false")) {
            return origin(Boolean.valueOf(trimmed), key);
        }
        if (trimmed.startsWith("[") || trimmed.startsWith("{")) {
            try {
                String name = "--set " + key;
                return Hocon.parse(name, "value = " + trimmed, Hocon.LARGEST_JOB, new RefusedIncludes(name))
                        .getValue("value");
            } catch (ConfigException e) {
                return origin(value, key);
            }
        }
        if (trimmed.length() > LONGEST_NUMBER) {
            return origin(value, key);
        }
        try {
            BigDecimal number = new BigDecimal(trimmed);
            return origin(fits(number) ? (Number) number.longValueExact() : (Number) number.doubleValue(), key);
        } catch (NumberFormatException e) {
            return origin(value, key);
        }
    }

    private static boolean fits(BigDecimal number) {
        return number.stripTrailingZeros().scale() <= 0
                && number.abs().compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0;
    }

    private static ConfigValue origin(Object value, String key) {
        return ConfigValueFactory.fromAnyRef(value, "--set " + key);
    }
}
