package dev.kindling.job.task;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * A distribution of tasks. The driver samples specs, executors materialise them as episodes; both open the source from the
 * same {@link SourceDescription}. An open source is immutable and thread-safe.
 */
public interface TaskSource {
    /** The round of tasks that are sampled before the first. */
    long BEFORE_TRAINING = -1;

    /**
     * The shapes of the split's episodes; the largest shapes if they differ from task to task.
     *
     * @throws IllegalArgumentException if the settings require more than the split's data has
     * @throws BadDataException if the split has no data
     */
    EpisodeLayout layout(Split split);

    /** Whether tasks can be sampled from a split; a data set may have no classes or groups for it. */
    default boolean has(Split split) {
        return true;
    }

    /**
     * Every shape that an episode of the split may have, without repetition, the largest last. Each has a program of its own,
     * so their number is limited.
     *
     * @throws IllegalArgumentException as {@link #layout(Split)}, or if the settings allow too many shapes
     * @throws BadDataException if the split has no data
     */
    default List<EpisodeLayout> layouts(Split split) {
        return List.of(layout(split));
    }

    /** The shapes of one episode: one of {@link #layouts} of its split. */
    default EpisodeLayout layout(TaskSpec spec) {
        return layout(spec.split());
    }

    /**
     * The settings that determine the number of outputs of an episode, as a clause such as
     * {@code few-shot.ways is [5, 10]}.
     */
    default String outputs() {
        return "the number of outputs differs from task to task";
    }

    /** The source of single tasks: this source, or the underlying one if this source stacks its training tasks in groups. */
    default TaskSource single() {
        return this;
    }

    /**
     * The source of the training and validation tasks of one member of an ensemble, from 0: this source, unless its data is
     * divided into folds, one of which the member is validated on and all others of which it is trained on.
     */
    default TaskSource member(int number) {
        return this;
    }

    /** Remarks on the data for the user, a clause each, such as what is left out. */
    default List<String> notes() {
        return List.of();
    }

    /**
     * Samples one task: a pure function of the key that reads no examples. Runs on the driver; on executors for members
     * of groups.
     */
    TaskSpec sample(TaskKey key);

    /**
     * The number of tasks of a split that has finitely many: validation and evaluation then run the tasks of the indices
     * 0 .. n-1, each once. Empty if tasks are drawn without end. Training draws from every split.
     */
    default OptionalInt tasks(Split split) {
        return OptionalInt.empty();
    }

    /** The name of a task in reports and per-task results, such as the key of a group; empty if tasks have none. */
    default Optional<String> name(TaskSpec spec) {
        return Optional.empty();
    }

    /** The number of examples of a task's query set that are not padding. */
    default int queries(TaskSpec spec) {
        return layout(spec).query();
    }

    /** The mean fraction of a task's examples that are padding, in both sets. */
    default double padding(Split split) {
        return 0;
    }

    /** The factor from an error of a regression target to one in the units of the data. */
    default double targetScale() {
        return 1;
    }

    /**
     * Training tasks to which a start is fitted before the first round, at most {@code most}: the tasks of a source of finitely
     * many at most once each, here as many samples as that. They may be of sizes that no program is for.
     */
    default List<TaskSpec> representatives(long seed, int most) {
        return IntStream.range(0, most)
                .mapToObj(index -> sample(new TaskKey(seed, Split.TRAIN, BEFORE_TRAINING, index)))
                .toList();
    }

    /**
     * Writes the episode of a spec into {@code target}, laid out as {@code layout(spec).arrays()} from {@code offset}: a pure
     * function of the spec and the source's data. Runs on executors.
     */
    void materialise(TaskSpec spec, FlatVector target, int offset);

    /** A hash, in hexadecimal, of the data that tasks are sampled from; "generated" for a source without data. */
    String dataHash();

    /**
     * The checks of the data that the command {@code check} runs: that splits share no class, and that no example of the given
     * tasks is in both support and query. Empty for a source that generates its examples.
     */
    default List<CheckResult> checks(List<TaskSpec> specs) {
        return List.of();
    }
}
