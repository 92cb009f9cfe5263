package dev.kindling.job.task;

import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A source whose training tasks are groups of another's, of one size: for methods that contribute once for several tasks. The
 * spec of a group is that of a task; its members are drawn from the group's own seed. Validation and test tasks stay single.
 */
final class GroupedTaskSource implements TaskSource {
    private final TaskSource source;
    private final int size;
    private final EpisodeLayout layout;

    /** Groups of the given size, at least 2; IllegalArgumentException if training tasks differ in shape. */
    GroupedTaskSource(TaskSource source, int size) {
        this.source = source;
        this.size = size;
        if (source.layouts(Split.TRAIN).size() > 1) {
            throw new IllegalArgumentException("training tasks are taken " + size
                    + " at a time, so task.support and few-shot.ways must each be one "
                    + "number, not a range: tasks that are taken together have one shape");
        }
        this.layout = source.layout(Split.TRAIN).together(size);
    }

    @Override
    public EpisodeLayout layout(Split split) {
        return split == Split.TRAIN ? layout : source.layout(split);
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
        Layout ofOne = layout.single().arrays();
        Layout ofAll = layout.arrays();
        FlatVector one = FlatVector.zeros(target.precision(), ofOne.size());
        for (int member = 0; member < size; member++) {
            source.materialise(member(spec, member), one, 0);
            for (Layout.Entry entry : ofOne.entries()) {
                int numbers = entry.shape().size();
                target.copyFrom(one, entry.offset(), offset + ofAll.offset(entry.name()) + member * numbers, numbers);
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
                ? IntStream.range(0, size).mapToObj(member -> member(spec, member))
                : Stream.of(spec);
    }
}
