package dev.kindling.job.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kindling.job.task.sinusoid.SinusoidSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

class GroupedTaskSourceTest {
    private static final SourceDescription SINES = new SourceDescription(
            "sinusoid", SinusoidSettings.maml(new EpisodeSizes(3, 2, 5, 7)).toMap());

    private static TaskSource open(SourceDescription description) {
        return TaskSources.open(description, new Configuration(false));
    }

    private static double[] numbers(TaskSource source, TaskSpec spec) {
        Layout arrays = source.layout(spec).arrays();
        FlatVector episode = FlatVector.zeros(Precision.DOUBLE, arrays.size() + 2);
        source.materialise(spec, episode, 2);
        return Arrays.copyOfRange(episode.toDoubles(), 2, arrays.size() + 2);
    }

    @Test
    void aGroupHoldsTheEpisodesOfItsMembersArrayByArray() {
        TaskSource single = open(SINES);
        TaskSource groups = open(SINES.together(4));
        TaskKey key = new TaskKey(1, Split.TRAIN, 5, 2);
        EpisodeLayout layout = groups.layout(Split.TRAIN);
        assertThat(layout.arrays().shape(EpisodeLayout.SUPPORT_X)).isEqualTo(Shape.of(4, 3, 1));
        assertThat(layout.single()).isEqualTo(single.layout(Split.TRAIN));

        double[] all = numbers(groups, groups.sample(key));
        for (int member = 0; member < 4; member++) {
            double[] one = numbers(single, single.sample(new TaskKey(key.taskSeed(), Split.TRAIN, 5, member)));
            for (Layout.Entry entry : layout.single().arrays().entries()) {
                int size = entry.shape().size();
                int from = layout.arrays().offset(entry.name()) + member * size;
                assertThat(Arrays.copyOfRange(all, from, from + size))
                        .as(entry.name() + " of " + member)
                        .isEqualTo(Arrays.copyOfRange(one, entry.offset(), entry.offset() + size));
            }
        }
    }

    @Test
    void groupsDifferAndSoDoTheirMembers() {
        TaskSource groups = open(SINES.together(4));
        Set<Double> first = new HashSet<>();
        for (int index = 0; index < 5; index++) {
            double[] all = numbers(groups, groups.sample(new TaskKey(1, Split.TRAIN, 0, index)));
            for (int member = 0; member < 4; member++) {
                first.add(all[3 * member]);
            }
        }
        assertThat(first).hasSize(20);
    }

    @Test
    void validationAndTestTasksAreNotGrouped() {
        TaskSource single = open(SINES);
        TaskSource groups = open(SINES.together(4));
        for (Split split : new Split[] {Split.VALIDATE, Split.TEST}) {
            TaskSpec spec = groups.sample(new TaskKey(1, split, 0, 3));
            assertThat(spec).isEqualTo(single.sample(new TaskKey(1, split, 0, 3)));
            assertThat(groups.layouts(split)).isEqualTo(single.layouts(split));
            assertThat(numbers(groups, spec)).isEqualTo(numbers(single, spec));
        }
        assertThat(groups.single().layout(Split.TRAIN)).isEqualTo(single.layout(Split.TRAIN));
        assertThat(SINES.together(1)).isEqualTo(SINES);
    }

    /** A source with two shapes. */
    private record TwoShapes(TaskSource source) implements TaskSource {
        @Override
        public EpisodeLayout layout(Split split) {
            return source.layout(split);
        }

        @Override
        public List<EpisodeLayout> layouts(Split split) {
            return List.of(new EpisodeLayout(Shape.of(1), 0, 1, 2, 2), layout(split));
        }

        @Override
        public TaskSpec sample(TaskKey key) {
            return source.sample(key);
        }

        @Override
        public void materialise(TaskSpec spec, FlatVector target, int offset) {
            source.materialise(spec, target, offset);
        }

        @Override
        public String dataHash() {
            return source.dataHash();
        }
    }

    @Test
    void tasksOfSeveralShapesCannotBeGrouped() {
        TaskSource varying = new TwoShapes(open(SINES));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GroupedTaskSource(varying, 2))
                .withMessage(
                        "training tasks are grouped by 2, so task.support and few-shot.ways must each be one number, "
                                + "not a range: all tasks of a group have the same shape");
    }
}
