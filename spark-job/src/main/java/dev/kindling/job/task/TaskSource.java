package dev.kindling.job.task;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;

/**
 * A distribution of tasks. The driver samples specs, executors make them real; both open the source from the same
 * {@link SourceDescription}. After opening, a source is immutable and used by many threads at once.
 */
public interface TaskSource {
    /**
     * The shapes of the episodes drawn for the given purpose; the largest of them where they differ from task to task.
     *
     * @throws IllegalArgumentException if the settings ask for more than the data has for this purpose
     * @throws BadDataException if there is no data for this purpose
     */
    EpisodeLayout layout(Split split);

    /**
     * Every shape that an episode drawn for the given purpose may have, without repetition, the largest last. There is a
     * program for each, so there cannot be very many.
     *
     * @throws IllegalArgumentException as {@link #layout(Split)}, or if the settings allow too many shapes
     * @throws BadDataException if there is no data for this purpose
     */
    default List<EpisodeLayout> layouts(Split split) {
        return List.of(layout(split));
    }

    /** The shapes of one episode: one of {@link #layouts} of its purpose. */
    default EpisodeLayout layout(TaskSpec spec) {
        return layout(spec.split());
    }

    /** The settings behind the count of outputs of an episode, as a clause such as {@code few-shot.ways is [5, 10]}. */
    default String outputs() {
        return "the count of a task's outputs differs from task to task";
    }

    /** The source of the single tasks: this one, unless its training tasks are groups of another's. */
    default TaskSource single() {
        return this;
    }

    /** What a user should know about the data at hand, a clause each: what is left out, for example. */
    default List<String> notes() {
        return List.of();
    }

    /** Draws the description of one task: a pure function of the key that reads no examples. Runs on the driver; on executors for members of groups. */
    TaskSpec sample(TaskKey key);

    /**
     * Writes the episode of a spec into {@code target} from {@code offset} on, as
     * {@code layout(spec).arrays()} says: a pure function of the spec and the source's data. Runs on executors.
     */
    void materialise(TaskSpec spec, FlatVector target, int offset);

    /** A hash of the data behind the source in hexadecimal, or "generated" where there is none. */
    String dataHash();

    /**
     * What {@code check} wants proved of the data: that splits share no class, and that no example of the given tasks is
     * in both support and query. Empty where examples are generated afresh and there is nothing to share.
     */
    default List<CheckResult> checks(List<TaskSpec> specs) {
        return List.of();
    }
}
