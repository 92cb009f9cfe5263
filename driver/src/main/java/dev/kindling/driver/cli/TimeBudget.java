package dev.kindling.driver.cli;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValueFactory;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Parses {@code --max-duration}, a duration with its unit as in HOCON: {@code 90s}, {@code 30m}, {@code 2h}. */
final class TimeBudget {
    /** The unit is required: HOCON reads a number without one as milliseconds. */
    private static final Pattern WITH_UNIT = Pattern.compile(".*[a-z]\\s*");

    private TimeBudget() {}

    /** Parses a duration; IllegalArgumentException if it is invalid, has no unit or is not above 0. */
    static Duration parse(String text) {
        try {
            Duration duration =
                    ConfigValueFactory.fromAnyRef(text).atKey("duration").getDuration("duration");
            if (WITH_UNIT.matcher(text).matches() && duration.compareTo(Duration.ZERO) > 0) {
                return duration;
            }
        } catch (ConfigException e) {
            throw refused(text, e);
        }
        throw refused(text, null);
    }

    private static IllegalArgumentException refused(String text, @Nullable ConfigException cause) {
        return new IllegalArgumentException(
                "--max-duration is " + text + "; it must be a time above 0 with its unit, such as 90s, 30m or 2h",
                cause);
    }
}
