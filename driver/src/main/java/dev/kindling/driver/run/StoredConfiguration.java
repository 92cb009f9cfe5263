package dev.kindling.driver.run;

import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.Manifest;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.config.ConfigDiff;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.NetworkFiles;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.NetworkFile;
import java.util.List;

/** Reads and verifies the configuration of an existing run. */
public final class StoredConfiguration {
    private StoredConfiguration() {}

    /** A requested configuration; if its network is the run's, with the copy of it in the run directory. */
    public static JobConfig requested(JobConfig configuration, RunDirectory directory) {
        return withNetwork(configuration, unchanged(directory), directory)
                .withRunFolder(directory.folder().toString());
    }

    /** The run's own configuration from its {@code config.conf}, with overrides, {@code key=value} each. */
    public static JobConfig load(RunDirectory directory, List<String> set) {
        JobConfig unmodified = undamaged(directory);
        return withNetwork(parse(directory, set), unmodified, directory)
                .withRunFolder(directory.folder().toString());
    }

    /** Reads {@code config.conf}; BadDataException if it is invalid, since a run writes only valid ones. */
    private static JobConfig undamaged(RunDirectory directory) {
        try {
            JobConfig unmodified = unchanged(directory);
            SettingsReader.read(withNetwork(unmodified, unmodified, directory), HadoopSettings.load());
            return unmodified;
        } catch (IllegalArgumentException e) {
            throw damaged(directory, e);
        }
    }

    private static BadDataException damaged(RunDirectory directory, IllegalArgumentException e) {
        return new BadDataException(place(directory) + " is damaged: " + e.getMessage(), e);
    }

    /** Parses {@code config.conf} without overrides; BadDataException if it is not HOCON or has an unknown key. */
    private static JobConfig parsed(RunDirectory directory) {
        try {
            return parse(directory, List.of());
        } catch (IllegalArgumentException e) {
            throw damaged(directory, e);
        }
    }

    /**
     * Reads {@code config.conf} and compares it with the configuration in the manifest of the run's model or last
     * checkpoint, which a checksum covers. Keys that {@code --resume} may have changed since are not compared.
     */
    private static JobConfig unchanged(RunDirectory directory) {
        JobConfig unmodified = parsed(directory);
        directory.manifest().ifPresent(manifest -> {
            ConfigDiff changed = ConfigDiff.between(of(manifest, "a manifest of " + directory.folder()), unmodified)
                    .forbidden()
                    .withoutRunLength();
            if (!changed.isEmpty()) {
                throw new BadDataException(place(directory) + " was changed after the run: " + changed
                        + "; restore it, or give evaluate another value with --set");
            }
        });
        return unmodified;
    }

    private static JobConfig parse(RunDirectory directory, List<String> set) {
        return JobConfig.parse(place(directory), directory.configuration(), set);
    }

    private static String place(RunDirectory directory) {
        return directory.folder().place("config.conf");
    }

    /**
     * Attaches the network file to a configuration. For the run's own network it is the copy in the run directory, so
     * the original file may have changed or been deleted. Another path to the same bytes also counts as the run's
     * network.
     */
    private static JobConfig withNetwork(JobConfig requested, JobConfig stored, RunDirectory directory) {
        boolean same = requested.network().equals(stored.network())
                || NetworkFiles.place(requested, HadoopSettings.load()).equals(stored.network());
        if (same && !ModelSettings.isPreset(stored.network())) {
            return requested.withNetwork(storedNetwork(stored, directory));
        }
        JobConfig unpinned =
                requested.networkHash().equals(stored.networkHash()) ? requested.withoutNetworkHash() : requested;
        JobConfig found = NetworkFiles.attach(unpinned, HadoopSettings.load());
        return found.networkFile().isPresent() && found.networkHash().equals(stored.networkHash())
                ? found.withNetwork(storedNetwork(stored, directory))
                : found;
    }

    /** The run's copy of its network; if the driver ended before it wrote one, the original file. */
    private static NetworkFile storedNetwork(JobConfig stored, RunDirectory directory) {
        NetworkFile file = directory
                .network()
                .map(bytes -> new NetworkFile(stored.network(), bytes))
                .or(() -> NetworkFiles.attach(stored, HadoopSettings.load()).networkFile())
                .orElseThrow(() -> new BadDataException(directory.folder() + " has no copy of its network "
                        + stored.network() + ", network.json or network.zip, and the original file does not exist"));
        if (!file.hash().equals(stored.networkHash())) {
            throw new BadDataException("the copy of " + stored.network() + " in " + directory.folder()
                    + " is damaged: its SHA-256 is " + file.hash() + "; config.conf has " + stored.networkHash());
        }
        return file;
    }

    /** The configuration with which a checkpoint was written. */
    public static JobConfig of(Checkpoint checkpoint) {
        return of(checkpoint.manifest(), checkpoint.theta().file() + "'s manifest");
    }

    private static JobConfig of(Manifest manifest, String name) {
        return JobConfig.parse(name, manifest.provenance().configuration().toString(), List.of());
    }
}
