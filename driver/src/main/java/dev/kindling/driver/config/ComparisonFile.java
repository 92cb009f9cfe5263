package dev.kindling.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import dev.kindling.driver.evaluation.MeanPredictorBaseline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Describes a comparison, layered from {@code compare-reference.conf}, the comparison file and {@code --set}, of which
 * the last takes precedence. Keys outside the section {@code compare} override the job of every entrant.
 *
 * @param entrants the jobs and finished runs to compare, at least 2, with distinct names
 * @param seeds number of seeds with which each job is trained, at least 1
 * @param baselines names of the baselines that are evaluated on the same tasks without any training
 * @param fits {@code key=value} each, keys of the task source: they override the tasks on which fits are drawn
 */
public record ComparisonFile(List<EntrantConfig> entrants, int seeds, List<String> baselines, List<String> fits) {
    private static final String SECTION = "compare";
    private static final String RUNS = "compare.runs";
    private static final Set<String> ENTRANT_KEYS = Set.of("job", "run", "name", "set");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");
    private static final String ALLOWED =
            "a list of job names, run folders, { job = NAME, name = .., set { .. } } or { run = FOLDER, name = .. }";

    public ComparisonFile {
        entrants = List.copyOf(entrants);
        baselines = List.copyOf(baselines);
        fits = List.copyOf(fits);
        if (seeds < 1) {
            throw new IllegalArgumentException("compare.seeds is " + seeds + "; it must be at least 1");
        }
        if (entrants.size() < 2) {
            throw new IllegalArgumentException(RUNS + " has " + entrants.size()
                    + (entrants.size() == 1 ? " entrant" : " entrants") + "; it must have at least 2");
        }
        for (String baseline : baselines) {
            if (!baseline.equals(MeanPredictorBaseline.NAME)) {
                throw new IllegalArgumentException("compare.baselines has " + baseline + "; it must be empty or "
                        + MeanPredictorBaseline.NAME + " (the others are jobs: sinusoid-random, -transfer, -oracle)");
            }
        }
        Set<String> names = new HashSet<>(baselines);
        for (EntrantConfig entrant : entrants) {
            if (!names.add(entrant.name())) {
                throw new IllegalArgumentException(
                        RUNS + " has two entrants of the name " + entrant.name() + "; each must have its own");
            }
        }
    }

    /**
     * Reads a comparison and the jobs of its entrants.
     *
     * @param name name of the comparison file, which {@code files} resolves
     * @param files resolves the names of the comparison file and of the job files
     * @param assignments {@code key=value} each: a key that begins with {@code compare.} overrides the comparison, any
     *     other key overrides every entrant
     * @param seeds overrides {@code compare.seeds} if present
     * @throws IllegalArgumentException if a file is missing or a value is invalid
     */
    public static ComparisonFile load(
            String name, JobFileResolver files, List<String> assignments, Optional<Integer> seeds) {
        Predicate<String> ofComparison = assignment -> assignment.strip().startsWith(SECTION + ".");
        try {
            Config given = files.parse(name);
            for (String assignment : assignments.stream().filter(ofComparison).toList()) {
                given = KeyValueOverride.parse(assignment).config().withFallback(given);
            }
            Reader reader = new Reader(
                    name,
                    files,
                    given.withoutPath(SECTION),
                    assignments.stream().filter(ofComparison.negate()).toList());
            return reader.read(given, seeds);
        } catch (ConfigException e) {
            throw JobConfig.unreadable(name, e);
        }
    }

    /** Reads one file; {@code common} overrides the job of every entrant. */
    private record Reader(String file, JobFileResolver files, Config common, List<String> assignments) {
        private ComparisonFile read(Config given, Optional<Integer> seeds) {
            Config reference = ConfigFactory.parseResources(ComparisonFile.class, "compare-reference.conf");
            Config section = given.hasPath(SECTION) ? given.withOnlyPath(SECTION) : ConfigFactory.empty();
            Config resolved = Hocon.resolve(file, section.withFallback(reference), Hocon.Environment.READ);
            new KnownKeys(reference).refuseOthers(resolved.withoutPath("compare.fits"));
            ConfigReader keys = new ConfigReader(resolved);
            ConfigValue runs = keys.value(RUNS);
            if (runs.valueType() != ConfigValueType.LIST) {
                throw keys.refuse(RUNS, ALLOWED);
            }
            Config timed = timed(keys.duration("compare.wall-time"));
            List<EntrantConfig> entrants = new ArrayList<>();
            for (ConfigValue each : resolved.getList(RUNS)) {
                entrants.add(entrant(each, keys, timed));
            }
            if (!(keys.value("compare.fits") instanceof ConfigObject fits)) {
                throw keys.refuse("compare.fits", "an object of keys of the task source");
            }
            return new ComparisonFile(
                    entrants,
                    seeds.orElseGet(() -> keys.count("compare.seeds")),
                    keys.strings("compare.baselines"),
                    written(fits.toConfig()));
        }

        private static Config timed(Duration wallTime) {
            return wallTime.isZero()
                    ? ConfigFactory.empty()
                    : ConfigFactory.parseMap(Map.of("run.wall-time", wallTime.toMillis() + "ms"));
        }

        private EntrantConfig entrant(ConfigValue value, ConfigReader keys, Config timed) {
            if (value.valueType() == ConfigValueType.STRING) {
                String text = String.valueOf(value.unwrapped());
                return job(text)
                        .map(job -> (EntrantConfig) ofJob(lastPart(text), text, job, timed, ConfigFactory.empty()))
                        .orElseGet(() -> ofRun(lastPart(text), text));
            }
            if (!(value instanceof ConfigObject object) || !ENTRANT_KEYS.containsAll(object.keySet())) {
                throw keys.refuse(RUNS, ALLOWED);
            }
            Config inner = object.toConfig();
            if (inner.hasPath("job") == inner.hasPath("run") || (inner.hasPath("run") && inner.hasPath("set"))) {
                throw keys.refuse(RUNS, ALLOWED);
            }
            String text = inner.getString(inner.hasPath("job") ? "job" : "run");
            String name = inner.hasPath("name") ? inner.getString("name") : lastPart(text);
            if (inner.hasPath("run")) {
                return ofRun(name, text);
            }
            Config job = job(text)
                    .orElseThrow(() -> new IllegalArgumentException(RUNS + " has the job " + text
                            + "; it must be the name of a ready job, a file in the folder of " + file + ", or a path"));
            return ofJob(name, text, job, timed, inner.hasPath("set") ? inner.getConfig("set") : ConfigFactory.empty());
        }

        private Optional<Config> job(String text) {
            return text.endsWith(".conf") ? files.parse(text, file) : files.parse(text + ".conf", file);
        }

        private EntrantConfig.OfJob ofJob(String name, String text, Config job, Config timed, Config set) {
            requireName(name);
            Config all = set.withFallback(timed).withFallback(common).withFallback(job);
            return new EntrantConfig.OfJob(name, text, JobConfig.layered(all, assignments, Hocon.Environment.READ));
        }

        private EntrantConfig.OfRun ofRun(String name, String folder) {
            requireName(name);
            List<String> set = new ArrayList<>(written(common));
            set.addAll(assignments);
            return new EntrantConfig.OfRun(
                    name, folder, set.stream().filter(Reader::ofEvaluation).toList());
        }

        /** Whether a key applies to a finished run: only its evaluation and the location of its data can be changed. */
        private static boolean ofEvaluation(String assignment) {
            String key = KeyValueOverride.parse(assignment).key();
            return key.startsWith("evaluation.") || ConfigDiff.hasNoEffectOnResults(key);
        }

        private static void requireName(String name) {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException(RUNS + " has an entrant of the name " + name
                        + "; a name must be letters, digits, '.', '_' and '-', for it names folders");
            }
        }

        private static String lastPart(String text) {
            int end = text.length();
            while (end > 0 && text.charAt(end - 1) == '/') {
                end--;
            }
            String last = text.substring(text.lastIndexOf('/', end - 1) + 1, end);
            return last.endsWith(".conf") ? last.substring(0, last.length() - ".conf".length()) : last;
        }

        private static List<String> written(Config config) {
            return config.entrySet().stream()
                    .map(entry -> String.join(".", ConfigUtil.splitPath(entry.getKey())) + "="
                            + KnownKeys.shown(entry.getValue()))
                    .sorted()
                    .toList();
        }
    }
}
