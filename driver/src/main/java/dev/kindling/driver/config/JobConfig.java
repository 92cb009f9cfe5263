package dev.kindling.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import dev.kindling.job.algorithm.AlgorithmProvider;
import dev.kindling.job.algorithm.Algorithms;
import dev.kindling.job.model.NetworkFile;
import dev.kindling.job.task.TaskSourceProvider;
import dev.kindling.job.task.TaskSources;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Holds a value for every key of a job, layered from {@code reference.conf}, the job file and {@code --set}, of which
 * the last takes precedence. Immutable.
 */
public final class JobConfig {
    private static final ConfigRenderOptions RENDERED = ConfigRenderOptions.defaults()
            .setOriginComments(false)
            .setComments(false)
            .setJson(false);

    private static final String NETWORK = "model.network";
    private static final String NETWORK_HASH = "model.network-hash";

    /** The configuration with its substitutions, from which {@link #resolved} follows. */
    private final Config written;

    private final Hocon.Environment environment;
    private final Config resolved;
    private final Optional<NetworkFile> networkFile;
    private final Optional<String> runFolder;

    private JobConfig(
            Config written,
            Hocon.Environment environment,
            Config resolved,
            Optional<NetworkFile> networkFile,
            Optional<String> runFolder) {
        this.written = written;
        this.environment = environment;
        this.resolved = resolved;
        this.networkFile = networkFile;
        this.runFolder = runFolder;
    }

    private static JobConfig resolve(
            Config written,
            Hocon.Environment environment,
            Optional<NetworkFile> networkFile,
            Optional<String> runFolder) {
        try {
            Config resolved = Hocon.resolve("the configuration", written, environment);
            new KnownKeys(referenceFile()).refuseOthers(resolved);
            return new JobConfig(written, environment, resolved, networkFile, runFolder);
        } catch (ConfigException e) {
            throw unreadable("the configuration", e);
        }
    }

    /** The defaults without any override. */
    public static JobConfig reference() {
        return layered(ConfigFactory.empty(), List.of(), Hocon.Environment.IGNORED);
    }

    /**
     * Loads the defaults, overridden by a job file, overridden by assignments, of which the last takes precedence.
     *
     * @param name name of the job file, which {@code files} resolves
     * @param assignments {@code key=value} each
     * @throws IllegalArgumentException if the file is missing or is not HOCON, or a key is unknown
     */
    public static JobConfig load(String name, JobFileResolver files, List<String> assignments) {
        try {
            return layered(files.parse(name), assignments, Hocon.Environment.READ);
        } catch (ConfigException e) {
            throw unreadable(name, e);
        }
    }

    /**
     * Loads a ready job of the application jar, whatever files of that name there are.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static JobConfig ready(String name) {
        return layered(JobFileResolver.readyJob(name), List.of(), Hocon.Environment.IGNORED);
    }

    /** Loads a job file of the local file system. */
    public static JobConfig load(Path file, List<String> assignments) {
        return load(file.toString(), JobFileResolver.here(), assignments);
    }

    /**
     * Parses a self-contained text, such as the stored configuration of a run. It may not include other files, and its
     * substitutions cannot read the environment, so that reading the configuration of an untrusted run has no side
     * effects and discloses nothing.
     *
     * @param name name of the text in error messages
     * @param assignments {@code key=value} each, of which the last takes precedence
     */
    public static JobConfig parse(String name, String text, List<String> assignments) {
        try {
            return layered(
                    RenamedKeys.translated(Hocon.parse(name, text, Hocon.LARGEST_STORED, new RefusedIncludes(name))),
                    assignments,
                    Hocon.Environment.IGNORED);
        } catch (ConfigException e) {
            throw unreadable(name, e);
        }
    }

    /** Whether a stored configuration was written by a run of 0.1.0, whose keys had other names. */
    public static boolean isOfAnEarlierVersion(String name, String text) {
        try {
            return RenamedKeys.hasFormerKey(Hocon.parse(name, text, Hocon.LARGEST_STORED, new RefusedIncludes(name)));
        } catch (ConfigException e) {
            throw unreadable(name, e);
        }
    }

    /** A job in memory, over the defaults and under assignments; IllegalArgumentException if it cannot be resolved. */
    static JobConfig layered(Config job, List<String> assignments, Hocon.Environment environment) {
        return resolve(
                assigned(job, assignments).withFallback(referenceFile()),
                environment,
                Optional.empty(),
                Optional.empty());
    }

    private static Config assigned(Config job, List<String> assignments) {
        Config given = job;
        for (String assignment : assignments) {
            given = KeyValueOverride.parse(assignment).config().withFallback(given);
        }
        return given;
    }

    /**
     * A copy that assignments override, as those of the command line do.
     *
     * @param assignments {@code key=value} each, of which the last takes precedence
     * @throws IllegalArgumentException if one is malformed or has an unknown key
     */
    public JobConfig withAssignments(List<String> assignments) {
        return resolve(assigned(written, assignments), environment, networkFile, runFolder);
    }

    /**
     * The keys that an assignment sets: its own or, of an object, those of all values in it.
     *
     * @param assignment {@code key=value}
     * @throws IllegalArgumentException if it is malformed
     */
    public static SortedSet<String> assignedKeys(String assignment) {
        try {
            return KeyValueOverride.parse(assignment).keys();
        } catch (ConfigException e) {
            throw unreadable(assignment, e);
        }
    }

    private static Config referenceFile() {
        Config reference = ConfigFactory.parseResources(JobConfig.class, "reference.conf");
        for (Map<String, Object> defaults : registeredDefaults()) {
            for (Map.Entry<String, Object> key : defaults.entrySet()) {
                reference = reference.withValue(key.getKey(), ConfigValueFactory.fromAnyRef(key.getValue()));
            }
        }
        return reference;
    }

    /** The defaults of registered methods and task sources. */
    private static List<Map<String, Object>> registeredDefaults() {
        return Stream.concat(
                        Algorithms.providers().map(AlgorithmProvider::defaults),
                        TaskSources.providers().values().stream().map(TaskSourceProvider::defaults))
                .toList();
    }

    static IllegalArgumentException unreadable(String name, ConfigException e) {
        String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        return new IllegalArgumentException(name + " cannot be read as HOCON: " + message, e);
    }

    /** Every key of {@code reference.conf}. */
    static Collection<String> knownKeys() {
        return new KnownKeys(referenceFile().resolve()).all();
    }

    /** A copy with the values of some keys replaced: texts, or lists of texts. The keys are not checked. */
    public JobConfig with(Map<String, ?> values) {
        return new JobConfig(changed(written, values), environment, changed(resolved, values), networkFile, runFolder);
    }

    private static Config changed(Config config, Map<String, ?> values) {
        Config changed = config;
        for (Map.Entry<String, ?> value : values.entrySet()) {
            changed = changed.withValue(value.getKey(), ConfigValueFactory.fromAnyRef(value.getValue()));
        }
        return changed;
    }

    /**
     * A copy with the values of some keys replaced, as a job file would set them: defaults that refer to other keys, such as
     * {@code evaluation.support = ${task.support}}, follow.
     *
     * @param values numbers, booleans, texts, lists of them or maps
     * @throws IllegalArgumentException if a key is unknown
     */
    public JobConfig withChecked(Map<String, ?> values) {
        return resolve(changed(written, values), environment, networkFile, runFolder);
    }

    /** The value of {@code model.network}: the name of a preset, or a path. */
    public String network() {
        return shown(NETWORK);
    }

    /** The SHA-256 that the file of {@code model.network} must have; empty if any file is accepted. */
    public String networkHash() {
        return shown(NETWORK_HASH);
    }

    /** The file of {@code model.network}; empty until {@link NetworkFiles} has attached it. */
    public Optional<NetworkFile> networkFile() {
        return networkFile;
    }

    /** A copy with the given file attached for {@code model.network}, whose path and hash it records. */
    public JobConfig withNetwork(NetworkFile file) {
        JobConfig changed = with(Map.of(NETWORK, file.place(), NETWORK_HASH, file.hash()));
        return new JobConfig(changed.written, environment, changed.resolved, Optional.of(file), runFolder);
    }

    /** A copy for a run in the given folder, which holds the run's prepared table or is to hold it. */
    public JobConfig withRunFolder(String place) {
        return new JobConfig(written, environment, resolved, networkFile, Optional.of(place));
    }

    /** The folder of the run that this configuration is for; empty if it is for no run or a new one without a folder. */
    public Optional<String> runFolder() {
        return runFolder;
    }

    /** A copy that accepts any file that {@code model.network} names. */
    public JobConfig withoutNetworkHash() {
        return with(Map.of(NETWORK_HASH, ""));
    }

    /** The value of a key as text. */
    public String shown(String key) {
        return KnownKeys.shown(resolved.getValue(key));
    }

    /** The value of a key: a number, a boolean, a text, a list or a map. */
    public Object value(String key) {
        return resolved.getValue(key).unwrapped();
    }

    /** Whether both have the same value for a key; a text and a number of the same characters are the same value. */
    boolean agrees(JobConfig other, String key) {
        return resolved.getValue(key).equals(other.resolved.getValue(key))
                || shown(key).equals(other.shown(key));
    }

    ConfigReader keys() {
        return new ConfigReader(resolved);
    }

    /** The configuration with every key, as one JSON object. */
    public String json() {
        return resolved.root().render(ConfigRenderOptions.concise());
    }

    /**
     * The keys that affect the results, as one JSON object: all keys without those such as the location of data or a
     * memory limit.
     */
    public String resultSettingsJson() {
        Config relevant = ConfigFactory.empty();
        for (String key : knownKeys()) {
            // The data's hash covers a split in a folder; a split by shares is defined by the configuration alone.
            if (!ConfigDiff.hasNoEffectOnResults(key) || resolved.getValue(key) instanceof ConfigObject) {
                relevant = relevant.withValue(key, resolved.getValue(key));
            }
        }
        return relevant.root().render(ConfigRenderOptions.concise());
    }

    /** The keys of {@link #resultSettingsJson} with their values as text. */
    public SortedMap<String, String> resultSettings() {
        SortedMap<String, String> settings = new TreeMap<>();
        knownKeys().stream()
                .filter(key -> !ConfigDiff.hasNoEffectOnResults(key))
                .forEach(key -> settings.put(key, shown(key)));
        return settings;
    }

    /** The configuration with every key, as HOCON that {@link #load} and {@link #parse} can read. */
    public String rendered() {
        return resolved.root().render(RENDERED);
    }
}
