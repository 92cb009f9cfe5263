package dev.kindling.job.task;

import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A source whose training tasks are groups of another's, of one size: for methods that contribute once for several tasks. The
 * spec of a group is that of a task; its members are drawn from the group's own seed. Validation and test tasks stay single.
 */
final class TaskGroups implements TaskSource {
    private final TaskSource source;
    private final int size;
    private final EpisodeLayout layout;

    /** Groups of the given size, at least 2; IllegalArgumentException if training tasks differ in shape. */
    TaskGroups(TaskSource source, int size) {
        this.source = source;
        this.size = size;
        if (source.layouts(Purpose.TRAIN).size() > 1) {
            throw new IllegalArgumentException("training tasks are taken " + size
                    + " at a time, so task.support and few-shot.ways must each be one "
                    + "number, not a range: tasks that are taken together have one shape");
        }
        this.layout = source.layout(Purpose.TRAIN).together(size);
    }

    @Override
    public EpisodeLayout layout(Purpose purpose) {
        return purpose == Purpose.TRAIN ? layout : source.layout(purpose);
    }

    @Override
    public List<EpisodeLayout> layouts(Purpose purpose) {
        return purpose == Purpose.TRAIN ? List.of(layout) : source.layouts(purpose);
    }

    @Override
    public EpisodeLayout layout(TaskSpec spec) {
        return spec.purpose() == Purpose.TRAIN ? layout : source.layout(spec);
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
        return key.purpose() == Purpose.TRAIN
                ? new TaskSpec(key.purpose(), key.round(), key.index(), key.taskSeed(), new int[0])
                : source.sample(key);
    }

    @Override
    public void materialise(TaskSpec spec, Storage target, int offset) {
        if (spec.purpose() != Purpose.TRAIN) {
            source.materialise(spec, target, offset);
            return;
        }
        Layout ofOne = layout.single().arrays();
        Layout ofAll = layout.arrays();
        Storage one = Storage.zeros(target.precision(), ofOne.size());
        for (int member = 0; member < size; member++) {
            source.materialise(member(spec, member), one, 0);
            for (Layout.Entry entry : ofOne.entries()) {
                int numbers = entry.shape().size();
                target.copyFrom(one, entry.offset(), offset + ofAll.offset(entry.name()) + member * numbers, numbers);
            }
        }
    }

    private TaskSpec member(TaskSpec group, int member) {
        return source.sample(new TaskKey(group.seed(), group.purpose(), group.round(), member));
    }

    @Override
    public String dataHash() {
        return source.dataHash();
    }

    @Override
    public List<DataProof> proofs(List<TaskSpec> specs) {
        return source.proofs(specs.stream().flatMap(this::members).toList());
    }

    private Stream<TaskSpec> members(TaskSpec spec) {
        return spec.purpose() == Purpose.TRAIN
                ? IntStream.range(0, size).mapToObj(member -> member(spec, member))
                : Stream.of(spec);
    }
}
