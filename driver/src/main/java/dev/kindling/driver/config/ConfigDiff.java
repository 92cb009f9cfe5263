package dev.kindling.driver.config;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Lists the keys whose values differ between two configurations.
 *
 * @param list one entry for each such key, in alphabetical order
 */
public record ConfigDiff(List<Difference> list) {
    /** Keys that have no effect on the results of a run. */
    private static final Set<String> NO_EFFECT = Set.of(
            "run.log-every",
            "run.tensorboard",
            "run.mlflow",
            "run.mlflow-experiment",
            "run.checkpoint-every",
            "run.checkpoint-keep",
            "backend.memory",
            "few-shot.memory",
            "evaluation.per-task");

    private static final String NO_EFFECT_SECTION = "cluster.";
    private static final String ROUNDS = "run.rounds";
    private static final String WALL_TIME = "run.wall-time";
    private static final String EVALUATION_SECTION = "evaluation.";

    /** Locations of data: its content is identified by a hash. */
    private static final Set<String> PATHS =
            Set.of("few-shot.data", "few-shot.split", "table.path", "table.sql", "table.format", "table.options");

    /** Keys that select data; without the split, since another split of the same data may test on training classes. */
    private static final Set<String> DATA = Set.of("few-shot.data", "task.source", "table.path", "table.sql");

    /** One key and its two values, as text. */
    public record Difference(String key, String was, String is) {
        @Override
        public String toString() {
            return key + " was " + was + " and is " + is;
        }
    }

    public ConfigDiff {
        list = List.copyOf(list);
    }

    /** The differences between a former and a present configuration. */
    public static ConfigDiff between(JobConfig was, JobConfig is) {
        return new ConfigDiff(JobConfig.knownKeys().stream()
                .filter(key -> !was.agrees(is, key))
                .map(key -> new Difference(key, was.shown(key), is.shown(key)))
                .toList());
    }

    /** The differences that a resumed run may not have; its data may be at another path, if its hash is the same. */
    public ConfigDiff forbidden() {
        return filter(key -> !hasNoEffectOnResults(key));
    }

    /** Whether a key has no effect on the results of a run, such as the location of its data or a memory limit. */
    static boolean hasNoEffectOnResults(String key) {
        return NO_EFFECT.contains(key) || key.startsWith(NO_EFFECT_SECTION) || PATHS.contains(key);
    }

    /** The differences that affect the trained model: those in its evaluation do not. */
    public ConfigDiff ofTraining() {
        return forbidden().filter(key -> !key.startsWith(EVALUATION_SECTION));
    }

    /** The differences without the round count and the time limit, on which only schedules depend. */
    public ConfigDiff withoutRunLength() {
        return filter(key -> !key.equals(ROUNDS) && !key.equals(WALL_TIME));
    }

    /** The differences that select other data. */
    public ConfigDiff ofData() {
        return filter(DATA::contains);
    }

    private ConfigDiff filter(Predicate<String> keys) {
        return new ConfigDiff(
                list.stream().filter(difference -> keys.test(difference.key())).toList());
    }

    public boolean isEmpty() {
        return list.isEmpty();
    }

    @Override
    public String toString() {
        return list.stream().map(Difference::toString).collect(Collectors.joining(", "));
    }
}
