package dev.kindling.job.task;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Parses the settings of a {@link SourceDescription}. Every method throws IllegalArgumentException naming the key, its value
 * and what is allowed if the key is missing or its value is wrong.
 */
public final class SettingsCodec {
    private SettingsCodec() {}

    /** The text of a key. */
    public static String text(Map<String, String> settings, String key) {
        String value = settings.get(key);
        if (value == null) {
            throw new IllegalArgumentException(key + " is missing from the settings of the task source");
        }
        return value;
    }

    /** The integer of a key, within the range of an int. */
    public static int integer(Map<String, String> settings, String key) {
        return integer(settings, key, Integer::parseInt);
    }

    /** The integer of a key. */
    public static long longInteger(Map<String, String> settings, String key) {
        return integer(settings, key, Long::parseLong);
    }

    private static <T> T integer(Map<String, String> settings, String key, Function<String, T> parse) {
        String value = text(settings, key);
        try {
            return parse.apply(value.trim());
        } catch (NumberFormatException e) {
            throw refusal(key, value, "an integer", e);
        }
    }

    /** The number of a key. */
    public static double number(Map<String, String> settings, String key) {
        String value = text(settings, key);
        try {
            return Double.parseDouble(value);
        } catch (NumberFormatException e) {
            throw refusal(key, value, "a number", e);
        }
    }

    /** The integer of a key, or the range {@code [least, most]} that each task draws one from. */
    public static IntRange intRange(Map<String, String> settings, String key) {
        return IntRange.parse(key, text(settings, key));
    }

    /** The boolean of a key. */
    public static boolean bool(Map<String, String> settings, String key) {
        return switch (text(settings, key)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw refusal(key, text(settings, key), "true or false", null);
        };
    }

    /** The constant whose lower-case name is the given value of a key. */
    public static <E extends Enum<E>> E choice(Class<E> type, String key, String value) {
        return choice(type, SettingsCodec::lowerCase, key, value);
    }

    /** The constant whose text is the given value of a key. */
    public static <E extends Enum<E>> E choice(Class<E> type, Function<E, String> text, String key, String value) {
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> text.apply(constant).equals(value))
                .findFirst()
                .orElseThrow(() -> refusal(
                        key,
                        value,
                        Arrays.stream(type.getEnumConstants()).map(text).collect(Collectors.joining(" or ")),
                        null));
    }

    /** The text that {@link #choice} reads. */
    public static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** Refuses a value below the lowest allowed one. */
    public static void atLeast(int least, String key, int value) {
        if (value < least) {
            throw new IllegalArgumentException(key + " is " + value + "; it must be at least " + least);
        }
    }

    private static IllegalArgumentException refusal(
            String key, String value, String allowed, @Nullable Throwable cause) {
        return new IllegalArgumentException(key + " is " + value + "; it must be " + allowed, cause);
    }
}
