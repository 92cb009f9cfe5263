package dev.kindling.job.task;

import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A task source that stacks a fixed number of another source's training tasks into one, for methods that compute one
 * contribution from several tasks. A group has the spec of one task, and its members are sampled from the group's seed.
 * Validation and test tasks are passed through unchanged.
 */
final class GroupedTaskSource implements TaskSource {
    private final TaskSource source;
    private final EpisodeLayout layout;

    /** Groups of {@code size} tasks, at least 2; IllegalArgumentException if training tasks differ in shape. */
    GroupedTaskSource(TaskSource source, int size) {
        this.source = source;
        if (source.layouts(Split.TRAIN).size() > 1) {
            throw new IllegalArgumentException("training tasks are grouped by " + size
                    + ", so task.support and few-shot.ways must each be one number, not a range: all tasks of a "
                    + "group have the same shape");
        }
        this.layout = source.layout(Split.TRAIN).together(size);
    }

    @Override
    public EpisodeLayout layout(Split split) {
        return split == Split.TRAIN ? layout : source.layout(split);
    }

    @Override
    public boolean has(Split split) {
        return source.has(split);
    }

    @Override
    public List<EpisodeLayout> layouts(Split split) {
        return split == Split.TRAIN ? List.of(layout) : source.layouts(split);
    }

    @Override
    public EpisodeLayout layout(TaskSpec spec) {
        return spec.split() == Split.TRAIN ? layout : source.layout(spec);
    }

    @Override
    public TaskSource single() {
        return source;
    }

    @Override
    public String outputs() {
        return source.outputs();
    }

    @Override
    public List<String> notes() {
        return source.notes();
    }

    @Override
    public OptionalInt tasks(Split split) {
        return split == Split.TRAIN ? OptionalInt.empty() : source.tasks(split);
    }

    @Override
    public Optional<String> name(TaskSpec spec) {
        return spec.split() == Split.TRAIN ? Optional.empty() : source.name(spec);
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        return key.split() == Split.TRAIN
                ? new TaskSpec(key.split(), key.round(), key.index(), key.taskSeed(), new int[0])
                : source.sample(key);
    }

    @Override
    public void materialise(TaskSpec spec, FlatVector target, int offset) {
        if (spec.split() != Split.TRAIN) {
            source.materialise(spec, target, offset);
            return;
        }
        Layout single = layout.single().arrays();
        Layout stacked = layout.arrays();
        FlatVector episode = FlatVector.zeros(target.precision(), single.size());
        for (int member = 0; member < layout.tasks(); member++) {
            source.materialise(member(spec, member), episode, 0);
            for (Layout.Entry entry : single.entries()) {
                int size = entry.shape().size();
                target.copyFrom(episode, entry.offset(), offset + stacked.offset(entry.name()) + member * size, size);
            }
        }
    }

    private TaskSpec member(TaskSpec group, int member) {
        return source.sample(new TaskKey(group.seed(), group.split(), group.round(), member));
    }

    @Override
    public String dataHash() {
        return source.dataHash();
    }

    @Override
    public List<CheckResult> checks(List<TaskSpec> specs) {
        return source.checks(specs.stream().flatMap(this::members).toList());
    }

    private Stream<TaskSpec> members(TaskSpec spec) {
        return spec.split() == Split.TRAIN
                ? IntStream.range(0, layout.tasks()).mapToObj(member -> member(spec, member))
                : Stream.of(spec);
    }
}
