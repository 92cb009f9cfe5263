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
 * Reads HOCON within limits: the one place where text becomes a configuration and where substitutions are replaced. What
 * goes beyond a limit is refused with IllegalArgumentException, what is no HOCON with ConfigException.
 */
final class Hocon {
    /** Characters of a job with all that it includes. */
    static final int LARGEST_JOB = 256 << 10;

    /** Characters of what a program has written from a configuration: indented, it is longer than it was. */
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
     * @param name what errors call it
     * @param largest characters that it may have
     * @param includer reads what the text includes
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

    /** The same with substitutions replaced. */
    static Config resolve(String name, Config config, Environment environment) {
        return shallow(name, () -> {
            ResolvedSize.check(name, config.root());
            Config resolved = config.resolve(
                    ConfigResolveOptions.defaults().setUseSystemEnvironment(environment == Environment.READ));
            requireShallow(name, List.of(resolved.root()), HoconScan.DEEPEST);
            return resolved;
        });
    }

    /** Substitutions nest values in values that each are shallow. */
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

    /** The library recurses; what the limits let through should not reach the end of the stack, and must not end the JVM's work. */
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
