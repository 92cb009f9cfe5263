package dev.kindling.job.task.regression;

import dev.kindling.job.task.EpisodeSizes;
import java.util.SortedMap;
import java.util.TreeMap;

/** The settings of {@code task.source = regression}: the sizes of a task's support and query set. */
public record RegressionSettings(EpisodeSizes sizes) {
    /** Validates the settings; IllegalArgumentException if sizes vary. */
    public RegressionSettings {
        sizes.requireFixed("regression");
    }

    /** The settings as text, under their configuration keys. */
    public SortedMap<String, String> toMap() {
        SortedMap<String, String> settings = new TreeMap<>();
        sizes.putInto(settings);
        return settings;
    }

    /** The settings that {@link #toMap} wrote; IllegalArgumentException if a key is missing or unreadable. */
    public static RegressionSettings fromMap(SortedMap<String, String> settings) {
        return new RegressionSettings(EpisodeSizes.from(settings));
    }
}
