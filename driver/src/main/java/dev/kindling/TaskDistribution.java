package dev.kindling;

import java.util.LinkedHashMap;
import java.util.Map;

/** A distribution of tasks as it is configured: a task source and its settings. */
public final class TaskDistribution {
    private final Map<String, Object> settings;

    TaskDistribution(String source, Map<String, Object> options) {
        Map<String, Object> all = new LinkedHashMap<>(options);
        all.put("task.source", source);
        this.settings = Map.copyOf(all);
    }

    /**
     * The task source of a name, one of Kindling's or of a registered {@link dev.kindling.job.task.TaskSourceProvider}.
     *
     * @param options configuration keys and their values
     */
    public static TaskDistribution named(String source, Map<String, Object> options) {
        return new TaskDistribution(source, options);
    }

    Map<String, Object> settings() {
        return settings;
    }
}
