package dev.kindling.job.task;

import dev.kindling.job.error.BadDataException;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/** Opens task sources by name, on the driver and on executors. */
public final class TaskSources {
    private TaskSources() {}

    /**
     * Opens the described source.
     *
     * @throws IllegalArgumentException if no source has that name, or for the reasons of {@link TaskSourceProvider#open}
     * @throws BadDataException for the reasons of {@link TaskSourceProvider#open}
     */
    public static TaskSource open(SourceDescription description, Configuration hadoop) {
        SortedMap<String, TaskSourceProvider> known = providers();
        TaskSourceProvider provider = known.get(description.source());
        if (provider == null) {
            throw new IllegalArgumentException("task.source is " + description.source() + "; it must be one of "
                    + String.join(", ", known.keySet()));
        }
        TaskSource source = provider.open(description.settings(), hadoop);
        return description.together() == 1 ? source : new GroupedTaskSource(source, description.together());
    }

    /** The registered sources by name, Kindling's own included. */
    public static SortedMap<String, TaskSourceProvider> providers() {
        SortedMap<String, TaskSourceProvider> byName = new TreeMap<>();
        ServiceLoader.load(TaskSourceProvider.class, TaskSources.class.getClassLoader())
                .forEach(provider -> byName.put(provider.name(), provider));
        return byName;
    }
}
