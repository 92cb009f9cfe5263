package dev.kindling.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigMemorySize;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import dev.kindling.job.algorithm.AlgorithmConfig;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.PrintableText;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads typed values from a resolved configuration and records which keys were read. A value of another type is refused
 * with its key, the value and what is allowed. The settings record that receives a value validates its range.
 */
final class ConfigReader implements AlgorithmConfig {
    private static final String BYTES = "a number of bytes, such as 64 MiB";

    /** Numbers that HOCON would expand digit by digit, such as 1e999999999. */
    private static final Pattern LONG_NUMBER =
            Pattern.compile("[^eE]{30,}.*|.*[eE][+-]?[0-9]{3,}.*|Infinity", Pattern.DOTALL);

    private static final String TIME = "a time with its unit, such as 90s, 5m or 2h, or 0";

    private final Config config;
    private final Set<String> read = new TreeSet<>();

    ConfigReader(Config config) {
        this.config = config;
    }

    /** The keys read so far. */
    Set<String> read() {
        return read;
    }

    /** An integer that fits an {@code int}. */
    @Override
    public int count(String key) {
        long value = integer(key);
        if (value != (int) value) {
            throw refuse(key, "an integer of at most " + Integer.MAX_VALUE);
        }
        return (int) value;
    }

    /** An integer that fits a {@code long}; 1e4 is an integer, 2.5 is not. */
    long integer(String key) {
        double number = number(key, "an integer");
        if (number != Math.rint(number) || Math.abs(number) > Long.MAX_VALUE) {
            throw refuse(key, "an integer");
        }
        return config.getLong(key);
    }

    /** A finite number. */
    @Override
    public double number(String key) {
        return number(key, "a number");
    }

    private double number(String key, String allowed) {
        value(key);
        try {
            double number = config.getDouble(key);
            if (Double.isFinite(number)) {
                return number;
            }
        } catch (ConfigException.WrongType | ConfigException.BadValue e) {
            throw refuse(key, allowed);
        }
        throw refuse(key, allowed);
    }

    /** {@code true} or {@code false}. */
    @Override
    public boolean bool(String key) {
        value(key);
        try {
            return config.getBoolean(key);
        } catch (ConfigException.WrongType e) {
            throw refuse(key, "true or false");
        }
    }

    /** Any text; a number or a boolean is returned as text. */
    String text(String key) {
        value(key);
        try {
            return config.getString(key);
        } catch (ConfigException.WrongType e) {
            throw refuse(key, "text");
        }
    }

    /** Two finite numbers, {@code [low, high]}; the settings record checks their order. */
    List<Double> doubleRange(String key) {
        value(key);
        try {
            List<Double> ends = config.getDoubleList(key);
            if (ends.size() == 2 && ends.stream().allMatch(Double::isFinite)) {
                return ends;
            }
        } catch (ConfigException.WrongType | ConfigException.BadValue e) {
            throw refuse(key, "a range of two numbers, [low, high]");
        }
        throw refuse(key, "a range of two numbers, [low, high]");
    }

    /** Three finite numbers. */
    List<Double> threeNumbers(String key, String allowed) {
        value(key);
        try {
            List<Double> numbers = config.getDoubleList(key);
            if (numbers.size() == 3 && numbers.stream().allMatch(Double::isFinite)) {
                return numbers;
            }
        } catch (ConfigException.WrongType | ConfigException.BadValue e) {
            throw refuse(key, allowed);
        }
        throw refuse(key, allowed);
    }

    /** An object of names and texts, or of other values in their JSON form. */
    SortedMap<String, String> texts(String key) {
        if (!(value(key) instanceof ConfigObject object)) {
            throw refuse(key, "an object, { name = value }");
        }
        SortedMap<String, String> texts = new TreeMap<>();
        object.forEach((name, text) -> texts.put(name, KnownKeys.shown(text)));
        return texts;
    }

    @Override
    public List<Double> range(String key) {
        if (value(key).valueType() != ConfigValueType.LIST) {
            double number = number(key);
            return List.of(number, number);
        }
        return doubleRange(key);
    }

    /** An integer that fits an {@code int}, or a range of two that are not negative, {@code [least, most]}. */
    IntRange intRange(String key) {
        if (value(key).valueType() != ConfigValueType.LIST) {
            return IntRange.of(count(key));
        }
        List<Double> ends = doubleRange(key);
        double least = ends.get(0);
        double most = ends.get(1);
        if (least != (int) least || most != (int) most || least < 0 || least > most) {
            throw refuse(key, "an integer or a range of two, [least, most]");
        }
        return new IntRange((int) least, (int) most);
    }

    /** A text or a list of texts. */
    @Override
    public List<String> strings(String key) {
        if (value(key).valueType() != ConfigValueType.LIST) {
            return List.of(text(key));
        }
        try {
            return config.getStringList(key);
        } catch (ConfigException.WrongType e) {
            throw refuse(key, "text or a list of texts");
        }
    }

    /** A time with its unit, such as {@code 90s} or {@code 5m}; 0 needs no unit. */
    Duration duration(String key) {
        value(key);
        try {
            // HOCON would read a number without a unit as milliseconds.
            if (text(key).equals("0") || text(key).strip().matches(".*[a-z]")) {
                return config.getDuration(key);
            }
        } catch (ConfigException.WrongType | ConfigException.BadValue e) {
            throw refuse(key, TIME);
        }
        throw refuse(key, TIME);
    }

    /** A size in bytes: a number, or a number with a unit such as {@code 64 MiB}. */
    long bytes(String key) {
        if (LONG_NUMBER.matcher(String.valueOf(value(key).unwrapped())).matches()) {
            throw refuse(key, BYTES);
        }
        try {
            ConfigMemorySize size = config.getMemorySize(key);
            return size.toBytes();
        } catch (ConfigException.WrongType | ConfigException.BadValue e) {
            throw refuse(key, BYTES);
        }
    }

    /** A constant of an enum, written in lower case with {@code -} between words. */
    @Override
    public <E extends Enum<E>> E choice(String key, Class<E> type) {
        String text = text(key);
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> written(constant).equals(text))
                .findFirst()
                .orElseThrow(() -> refuse(
                        key,
                        Arrays.stream(type.getEnumConstants())
                                .map(ConfigReader::written)
                                .collect(Collectors.joining(" or "))));
    }

    private static String written(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether the value is the given keyword, such as {@code auto}. */
    @Override
    public boolean isKeyword(String key, String word) {
        return value(key).unwrapped().equals(word);
    }

    /** The untyped value. */
    ConfigValue value(String key) {
        read.add(key);
        try {
            return config.getValue(key);
        } catch (ConfigException.Missing e) {
            throw new IllegalArgumentException(key + " is null; leave it out to have its default", e);
        }
    }

    /** The exception that refuses a value; its message has the key, the value and what is allowed. */
    IllegalArgumentException refuse(String key, String allowed) {
        return new IllegalArgumentException(
                key + " is " + PrintableText.line(KnownKeys.shown(config.getValue(key))) + "; it must be " + allowed);
    }
}
