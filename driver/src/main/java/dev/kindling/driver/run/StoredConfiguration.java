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
    public static JobConfig asked(JobConfig configuration, RunDirectory directory) {
        return withNetwork(configuration, unchanged(directory), directory)
                .withRunFolder(directory.folder().toString());
    }

    /** The run's own configuration from its {@code config.conf}, with overrides, {@code key=value} each. */
    public static JobConfig own(RunDirectory directory, List<String> set) {
        JobConfig plain = undamaged(directory);
        return withNetwork(plain(directory, set), plain, directory)
                .withRunFolder(directory.folder().toString());
    }

    /** Reads {@code config.conf}; BadDataException if it is invalid, since a run writes only valid ones. */
    private static JobConfig undamaged(RunDirectory directory) {
        try {
            JobConfig plain = unchanged(directory);
            SettingsReader.read(withNetwork(plain, plain, directory), HadoopSettings.load());
            return plain;
        } catch (IllegalArgumentException e) {
            throw new BadDataException(place(directory) + " is damaged: " + e.getMessage(), e);
        }
    }

    /**
     * Reads {@code config.conf} and compares it with the configuration in the manifest of the run's model or last
     * checkpoint, which a checksum covers. Keys that {@code --resume} may have changed since are not compared.
     */
    private static JobConfig unchanged(RunDirectory directory) {
        JobConfig plain = plain(directory, List.of());
        directory.manifest().ifPresent(manifest -> {
            ConfigDiff changed = ConfigDiff.between(of(manifest, "a manifest of " + directory.folder()), plain)
                    .forbidden()
                    .butRounds();
            if (!changed.isEmpty()) {
                throw new BadDataException(place(directory) + " was changed after the run: " + changed
                        + "; put it back, or ask evaluate for another value by --set");
            }
        });
        return plain;
    }

    private static JobConfig plain(RunDirectory directory, List<String> set) {
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
    private static JobConfig withNetwork(JobConfig asked, JobConfig own, RunDirectory directory) {
        boolean same = asked.network().equals(own.network())
                || NetworkFiles.place(asked, HadoopSettings.load()).equals(own.network());
        if (same && !ModelSettings.isPreset(own.network())) {
            return asked.withNetwork(kept(own, directory));
        }
        JobConfig free = asked.networkHash().equals(own.networkHash()) ? asked.withoutNetworkHash() : asked;
        JobConfig found = NetworkFiles.attach(free, HadoopSettings.load());
        return found.networkFile().isPresent() && found.networkHash().equals(own.networkHash())
                ? found.withNetwork(kept(own, directory))
                : found;
    }

    /** The run's copy of its network; if the driver ended before it wrote one, the original file. */
    private static NetworkFile kept(JobConfig own, RunDirectory directory) {
        NetworkFile file = directory
                .network()
                .map(bytes -> new NetworkFile(own.network(), bytes))
                .or(() -> NetworkFiles.attach(own, HadoopSettings.load()).networkFile())
                .orElseThrow(() -> new BadDataException(directory.folder() + " has no copy of its network "
                        + own.network() + ", network.json or network.zip, and the file itself is gone"));
        if (!file.hash().equals(own.networkHash())) {
            throw new BadDataException("the copy of " + own.network() + " in " + directory.folder()
                    + " is damaged: its SHA-256 is " + file.hash() + "; config.conf says " + own.networkHash());
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
