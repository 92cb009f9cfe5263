package dev.kindling.job.task;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an executor needs to open a task source: its name and its settings as text. Settings are in the source's own
 * terms, written by its settings record and read back by its {@link TaskSourceProvider}.
 */
public record SourceDescription(String source, SortedMap<String, String> settings) {
    public SourceDescription {
        settings = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    }
}
