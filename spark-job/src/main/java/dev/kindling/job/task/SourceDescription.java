package dev.kindling.job.task;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The serialised form of a task source: its name and its settings as text, sent from the driver to executors. The source's
 * settings record writes the settings, its {@link TaskSourceProvider} parses them.
 *
 * @param source the value of {@code task.source}
 * @param settings values by configuration key
 */
public record SourceDescription(String source, SortedMap<String, String> settings) {
    /** The key of the number of training tasks that are stacked into one, for any source; 1 if it is missing. */
    public static final String TOGETHER = "task.together";

    public SourceDescription {
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    }

    /** The same source with training tasks stacked in groups of {@code tasks}. */
    public SourceDescription together(int tasks) {
        SortedMap<String, String> grouped = new TreeMap<>(settings);
        grouped.put(TOGETHER, Integer.toString(tasks));
        return tasks == 1 ? this : new SourceDescription(source, grouped);
    }

    int together() {
        return settings.containsKey(TOGETHER) ? SettingsCodec.integer(settings, TOGETHER) : 1;
    }
}
