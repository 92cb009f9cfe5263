package dev.kindling.driver.config;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The keys in which two configurations differ, in alphabetical order. */
public record ConfigDiff(List<Difference> list) {
    /** What decides nothing of a run's bits. */
    private static final Set<String> FREE = Set.of(
            "run.log-every",
            "run.checkpoint-every",
            "run.checkpoint-keep",
            "backend.memory",
            "few-shot.memory",
            "evaluation.per-task");

    private static final String FREE_SECTION = "cluster.";
    private static final String ROUNDS = "run.rounds";
    private static final String WALL_TIME = "run.wall-time";
    private static final String EVALUATION_SECTION = "evaluation.";

    /** Where data is; what it is has a hash. */
    private static final Set<String> PATHS = Set.of("few-shot.data", "few-shot.split");

    /** What names data. Another split of the same data may test on what was trained on, so it is not among them. */
    private static final Set<String> DATA = Set.of("few-shot.data", "task.source");

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

    /** From what was to what is. */
    public static ConfigDiff between(JobConfig was, JobConfig is) {
        return new ConfigDiff(JobConfig.knownKeys().stream()
                .filter(key -> !was.agrees(is, key))
                .map(key -> new Difference(key, was.shown(key), is.shown(key)))
                .toList());
    }

    /** Those that a run may not change when it is resumed; the paths of its data may, where its hash stays. */
    public ConfigDiff forbidden() {
        return where(key -> !decidesNoBits(key));
    }

    /** Whether a key decides nothing of a run's bits, as where its data lies and how much memory it may use. */
    static boolean decidesNoBits(String key) {
        return FREE.contains(key) || key.startsWith(FREE_SECTION) || PATHS.contains(key);
    }

    /** Those that decide what a finished model is: how it is evaluated does not. */
    public ConfigDiff ofTraining() {
        return forbidden().where(key -> !key.startsWith(EVALUATION_SECTION));
    }

    /** Those but the count of rounds and the time, on which nothing depends where no schedule does. */
    public ConfigDiff butRounds() {
        return where(key -> !key.equals(ROUNDS) && !key.equals(WALL_TIME));
    }

    /** Those that ask for other data. */
    public ConfigDiff ofData() {
        return where(DATA::contains);
    }

    private ConfigDiff where(Predicate<String> wanted) {
        return new ConfigDiff(list.stream()
                .filter(difference -> wanted.test(difference.key()))
                .toList());
    }

    public boolean isEmpty() {
        return list.isEmpty();
    }

    @Override
    public String toString() {
        return list.stream().map(Difference::toString).collect(Collectors.joining(", "));
    }
}
