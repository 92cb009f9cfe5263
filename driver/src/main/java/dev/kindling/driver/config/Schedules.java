package dev.kindling.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import dev.kindling.driver.optimizer.Schedule;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Reads the schedule of a learning rate: a number, or an object whose {@code schedule} names its kind. */
final class Schedules {
    private static final Map<String, Set<String>> KINDS = Map.of(
            "linear", Set.of("from", "to"),
            "cosine", Set.of("from", "to"),
            "step", Set.of("from", "factor", "every"),
            "warm-up", Set.of("from", "rounds", "then"));

    private Schedules() {}

    /** The schedule at a key. */
    static Schedule at(ConfigReader keys, String key) {
        ConfigValue value = keys.value(key);
        if (!(value instanceof ConfigObject object)) {
            return new Schedule.Constant(keys.number(key));
        }
        Config section = object.toConfig();
        ConfigReader inner = new ConfigReader(section);
        String kind = section.hasPath("schedule") ? inner.text("schedule") : "";
        Set<String> parts = KINDS.get(kind);
        if (parts == null) {
            throw keys.refuse(
                    key, "a number or an object with schedule = " + String.join(" or ", new TreeSet<>(KINDS.keySet())));
        }
        Set<String> expected = new TreeSet<>(parts);
        expected.add("schedule");
        if (!object.keySet().equals(expected)) {
            throw keys.refuse(key, "an object of " + String.join(", ", expected) + " for schedule = " + kind);
        }
        return of(kind, inner);
    }

    private static Schedule of(String kind, ConfigReader keys) {
        double from = keys.number("from");
        return switch (kind) {
            case "linear" -> new Schedule.Linear(from, keys.number("to"));
            case "cosine" -> new Schedule.Cosine(from, keys.number("to"));
            case "step" -> new Schedule.Step(from, keys.number("factor"), keys.integer("every"));
            default -> new Schedule.WarmUp(from, keys.integer("rounds"), at(keys, "then"));
        };
    }
}
