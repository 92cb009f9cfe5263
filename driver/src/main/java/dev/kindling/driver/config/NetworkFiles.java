package dev.kindling.driver.config;

import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.NetworkFile;
import org.apache.hadoop.fs.Path;

/** Reads the file that {@code model.network} names, if it does not name a preset, from any Hadoop file system. */
public final class NetworkFiles {
    private NetworkFiles() {}

    /**
     * Attaches the network file to a configuration, under its absolute path. The configuration is returned unchanged if
     * it names a preset, if its file is attached already, or if the file does not exist.
     *
     * @throws IllegalArgumentException if the SHA-256 of the file differs from {@code model.network-hash}
     * @throws dev.kindling.job.error.BadDataException if the file cannot be read
     */
    public static JobConfig attach(JobConfig configuration, org.apache.hadoop.conf.Configuration hadoop) {
        String name = configuration.network();
        if (configuration.networkFile().isPresent() || ModelSettings.isPreset(name) || name.isBlank()) {
            return configuration;
        }
        AtomicDirectory folder = AtomicDirectory.of(name, hadoop);
        String last = new Path(name).getName();
        if (!folder.has(last)) {
            return configuration;
        }
        NetworkFile file = new NetworkFile(folder.place(last), folder.read(last));
        String expected = configuration.networkHash();
        if (!expected.isEmpty() && !expected.equals(file.hash())) {
            throw new IllegalArgumentException("model.network-hash is " + expected + "; " + file.place()
                    + " has the SHA-256 " + file.hash() + "; leave the key out to take the file as it is");
        }
        return configuration.withNetwork(file);
    }

    /** The absolute path of the network file, as {@link #attach} records it; a preset's name is returned unchanged. */
    public static String place(JobConfig configuration, org.apache.hadoop.conf.Configuration hadoop) {
        String name = configuration.network();
        return ModelSettings.isPreset(name) || name.isBlank()
                ? name
                : AtomicDirectory.of(name, hadoop).place(new Path(name).getName());
    }
}
