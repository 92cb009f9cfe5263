package dev.kindling.job.task;

import dev.kindling.job.error.BadDataException;
import java.util.Map;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;

/** A factory of task sources of one name, found by {@link java.util.ServiceLoader}. */
public interface TaskSourceProvider {
    /** The value of {@code task.source} that selects this provider. */
    String name();

    /**
     * The source's own keys, which begin with its name and a dot, and their defaults: numbers, booleans, texts or lists. They
     * are passed to {@link #open} as text together with the sizes of episodes, {@code task.support} and so on. Empty for
     * the sources whose keys are in {@code reference.conf}.
     */
    default Map<String, Object> defaults() {
        return Map.of();
    }

    /**
     * Opens a source.
     *
     * @param settings as in {@link SourceDescription#settings}
     * @param hadoop the configuration of the file systems that files are read from
     * @throws BadDataException if a file is missing, empty or damaged, with a single-line message for the user
     * @throws IllegalArgumentException if the settings contradict each other or the data, with a single-line message for the user
     */
    TaskSource open(SortedMap<String, String> settings, Configuration hadoop);
}
