package dev.kindling.driver.config;

import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.NetworkFile;
import org.apache.hadoop.fs.Path;

/** Finds the file that {@code model.network} names where it names no preset, on any Hadoop file system. */
public final class NetworkFiles {
    private NetworkFiles() {}

    /**
     * The configuration with the file that it names, under its absolute path; unchanged where it names a preset, has its
     * file already, or no such file is there.
     *
     * @throws IllegalArgumentException if {@code model.network-hash} says that it must be another file
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
        String wanted = configuration.networkHash();
        if (!wanted.isEmpty() && !wanted.equals(file.hash())) {
            throw new IllegalArgumentException("model.network-hash is " + wanted + "; " + file.place()
                    + " has the SHA-256 " + file.hash() + "; leave the key out to take the file as it is");
        }
        return configuration.withNetwork(file);
    }

    /** The absolute path of what a configuration names, as {@link #attach} writes it; a preset's name as it is. */
    public static String place(JobConfig configuration, org.apache.hadoop.conf.Configuration hadoop) {
        String name = configuration.network();
        return ModelSettings.isPreset(name) || name.isBlank()
                ? name
                : AtomicDirectory.of(name, hadoop).place(new Path(name).getName());
    }
}
