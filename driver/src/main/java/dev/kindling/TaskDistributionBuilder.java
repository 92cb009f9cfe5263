package dev.kindling;

import java.util.List;

/**
 * Builds a distribution of tasks.
 *
 * @param <B> the builder's own type
 */
public abstract class TaskDistributionBuilder<B extends TaskDistributionBuilder<B>> extends SettingsBuilder<B> {
    private final String source;

    TaskDistributionBuilder(String source) {
        this.source = source;
    }

    /** Support examples of a task, per class where there are classes. */
    public final B support(int examples) {
        return set("task.support", examples);
    }

    /** Support examples of a task, drawn for each task from a range, both ends included. */
    public final B support(int least, int most) {
        return set("task.support", List.of(least, most));
    }

    /** Queries of a task, per class where there are classes. */
    public final B query(int examples) {
        return set("task.query", examples);
    }

    /** The distribution; its values are checked when a trainer is built. */
    public final TaskDistribution build() {
        return new TaskDistribution(source, settings());
    }
}
