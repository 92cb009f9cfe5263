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

/** The configuration that a command on an existing run works with. */
public final class StoredConfiguration {
    private StoredConfiguration() {}

    /** A configuration that is asked for, with the network that the run has kept if it is the same. */
    public static JobConfig asked(JobConfig configuration, RunDirectory directory) {
        return withNetwork(configuration, unchanged(directory), directory);
    }

    /** The run's own, as its {@code config.conf} has it. */
    public static JobConfig own(RunDirectory directory, List<String> set) {
        JobConfig plain = undamaged(directory);
        return withNetwork(plain(directory, set), plain, directory);
    }

    /** What {@code config.conf} says; BadDataException if that is not what a run writes. */
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
     * What {@code config.conf} says, held to what the run has written down under a checksum when it made its model or its
     * last checkpoint: everything but what {@code --resume} may have changed since.
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
     * A configuration with the file of its network: of the run's own network the copy that the run keeps, whatever has
     * become of the file. Another path to the same bytes is the run's own network too.
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

    /** The run's copy of its network; a driver that died before it made one has left the file itself. */
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

    /** That with which a checkpoint was made. */
    public static JobConfig of(Checkpoint checkpoint) {
        return of(checkpoint.manifest(), checkpoint.theta().file() + "'s manifest");
    }

    private static JobConfig of(Manifest manifest, String name) {
        return JobConfig.parse(name, manifest.provenance().configuration().toString(), List.of());
    }
}
