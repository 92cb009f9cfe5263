package dev.kindling.job.task;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an executor needs to open a task source: its name and its settings as text. Settings are in the source's own
 * terms, written by its settings record and read back by its {@link TaskSourceProvider}.
 */
public record SourceDescription(String source, SortedMap<String, String> settings) {
    /** The setting that says how many training tasks are taken together, for any source; 1 where it is missing. */
    public static final String TOGETHER = "task.together";

    public SourceDescription {
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    }

    /** The same source with so many training tasks taken together. */
    public SourceDescription together(int tasks) {
        SortedMap<String, String> grouped = new TreeMap<>(settings);
        grouped.put(TOGETHER, Integer.toString(tasks));
        return tasks == 1 ? this : new SourceDescription(source, grouped);
    }

    int together() {
        return settings.containsKey(TOGETHER) ? SettingsCodec.integer(settings, TOGETHER) : 1;
    }
}
