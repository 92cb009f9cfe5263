package dev.kindling.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigValue;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Parses HOCON and replaces substitutions, within limits of size and nesting. All configuration text from outside the
 * application is parsed here. Text beyond a limit is refused with IllegalArgumentException, text that is not HOCON with
 * ConfigException.
 */
final class Hocon {
    /** The most characters of a job, with all files that it includes. */
    static final int LARGEST_JOB = 256 << 10;

    /** The most characters of a stored configuration: it is indented, hence longer than the text it was read from. */
    static final int LARGEST_STORED = 16 << 20;

    /** Whether substitutions may name environment variables. */
    enum Environment {
        READ,
        IGNORED
    }

    private Hocon() {}

    /**
     * Parses a text.
     *
     * @param name name of the text in error messages
     * @param largest the most characters that the text may have
     * @param includer reads the files that the text includes
     */
    static Config parse(String name, String text, int largest, ConfigIncluder includer) {
        if (text.length() > largest) {
            throw new IllegalArgumentException(name + " has " + text.length() + " characters; it may have " + largest);
        }
        HoconScan.check(name, text);
        ConfigParseOptions options =
                ConfigParseOptions.defaults().setOriginDescription(name).setIncluder(includer);
        return shallow(name, () -> ConfigFactory.parseString(text, options));
    }

    /** Replaces the substitutions of a parsed configuration. */
    static Config resolve(String name, Config config, Environment environment) {
        return shallow(name, () -> {
            ResolvedSize.check(name, config.root());
            Config resolved = config.resolve(
                    ConfigResolveOptions.defaults().setUseSystemEnvironment(environment == Environment.READ));
            requireShallow(name, List.of(resolved.root()), HoconScan.DEEPEST);
            return resolved;
        });
    }

    /** Refuses deep nesting that results from substitutions, each value of which is within the limit. */
    private static void requireShallow(String name, Collection<? extends ConfigValue> values, int left) {
        if (left == 0 && !values.isEmpty()) {
            throw tooDeep(name, null);
        }
        for (ConfigValue value : values) {
            if (value instanceof ConfigObject object) {
                requireShallow(name, object.values(), left - 1);
            } else if (value instanceof ConfigList list) {
                requireShallow(name, list, left - 1);
            }
        }
    }

    /**
     * Runs a recursive function of the library, and refuses the configuration if the stack overflows. The limits should
     * prevent that; where they do not, the overflow must not end the driver.
     */
    private static <T> T shallow(String name, Supplier<T> work) {
        try {
            return work.get();
        } catch (StackOverflowError e) {
            throw tooDeep(name, e);
        }
    }

    private static IllegalArgumentException tooDeep(String name, @Nullable Throwable cause) {
        return new IllegalArgumentException(
                name + " is nested too deeply; it may have " + HoconScan.DEEPEST + " levels of lists and objects",
                cause);
    }
}
