package dev.kindling.job.task.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The folds of an ensemble's members on a table of 60 groups. */
class TableFoldsTest {
    private static final int MEMBERS = 5;

    @TempDir
    private Path temporary;

    private TaskSource source(TableFolds folds) {
        Path pack = SmallTablePacks.regression(temporary.resolve("pack"));
        EpisodeSizes sizes = new EpisodeSizes(new IntRange(0, 4), 5, IntRange.of(3), TableTaskSettings.ALL_ROWS);
        SourceDescription table = TableTaskSettings.prepared(
                TableTaskSettings.description(GroupDraw.GROUPS, SupportDraw.MIX, sizes), pack.toString());
        return TaskSources.open(folds.of(table), SmallTablePacks.HADOOP);
    }

    private static Set<String> groups(Split... splits) {
        Set<String> keys = new TreeSet<>();
        for (int group = 0; group < 60; group++) {
            String key = String.format("g%02d", group);
            if (List.of(splits).contains(SmallTablePacks.split(key))) {
                keys.add(key);
            }
        }
        return keys;
    }

    private static String name(TaskSource source, TaskSpec spec) {
        return source.name(spec).orElseThrow();
    }

    private static List<String> validated(TaskSource source) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < source.tasks(Split.VALIDATE).orElseThrow(); i++) {
            names.add(name(source, source.sample(new TaskKey(5, Split.VALIDATE, 0, i))));
        }
        return names;
    }

    private static Set<String> trained(TaskSource source) {
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < 2000; i++) {
            names.add(name(source, source.sample(new TaskKey(1, Split.TRAIN, 3, i))));
        }
        return names;
    }

    @Test
    void theFoldsAreDisjointEquallyLargeAndConsistOfAllTrainingAndValidationGroups() {
        TaskSource all = source(TableFolds.ofMembers(MEMBERS, 7));
        List<String> validated = new ArrayList<>();
        for (int member = 0; member < MEMBERS; member++) {
            List<String> fold = validated(all.member(member));
            assertThat(fold.size()).isBetween(48 / MEMBERS - 2, 48 / MEMBERS + 2);
            validated.addAll(fold);
        }
        assertThat(validated).doesNotHaveDuplicates();
        assertThat(new TreeSet<>(validated)).isEqualTo(groups(Split.TRAIN, Split.VALIDATE));
    }

    @Test
    void aMemberAndItsStartAreTrainedOnAllGroupsButThoseOfItsFold() {
        TaskSource all = source(TableFolds.ofMembers(MEMBERS, 7));
        for (int member = 0; member < MEMBERS; member++) {
            TaskSource own = all.member(member);
            Set<String> expected = groups(Split.TRAIN, Split.VALIDATE);
            expected.removeAll(validated(own));
            assertThat(trained(own)).isEqualTo(expected);
            List<String> start = own.representatives(3, 1000).stream()
                    .map(spec -> name(own, spec))
                    .toList();
            assertThat(start).doesNotHaveDuplicates();
            assertThat(new TreeSet<>(start)).isEqualTo(expected);
        }
    }

    @Test
    void executorsMaterialiseTheTasksOfAllMembersFromTheirSpecsAlone() {
        TableFolds folds = TableFolds.ofMembers(2, 7);
        TaskSource driver = source(folds).member(1);
        TaskSource executor = source(folds);
        for (Split split : List.of(Split.TRAIN, Split.VALIDATE)) {
            for (int i = 0; i < 30; i++) {
                TaskSpec spec = driver.sample(new TaskKey(1, split, 0, i));
                assertThat(name(executor, spec)).isEqualTo(name(driver, spec));
                assertThat(episode(executor, spec)).isEqualTo(episode(driver, spec));
            }
        }
    }

    private static FlatVector episode(TaskSource source, TaskSpec spec) {
        FlatVector episode =
                FlatVector.zeros(Precision.DOUBLE, source.layout(spec).arrays().size());
        source.materialise(spec, episode, 0);
        return episode;
    }

    @Test
    void otherSeedsGiveOtherFolds() {
        assertThat(validated(source(TableFolds.ofMembers(MEMBERS, 7)).member(0)))
                .isNotEqualTo(validated(source(TableFolds.ofMembers(MEMBERS, 8)).member(0)));
    }

    @Test
    void joinedGroupsAreAllTrainedOn() {
        TaskSource joined = source(TableFolds.joined());
        assertThat(trained(joined.member(0))).isEqualTo(groups(Split.TRAIN, Split.VALIDATE));
        assertThat(joined.notes()).anySatisfy(note -> assertThat(note).contains("train and validation groups with"));
    }

    @Test
    void testGroupsAreNeitherTrainedOnNorValidated() {
        TaskSource all = source(TableFolds.ofMembers(MEMBERS, 7));
        Set<String> tested = new TreeSet<>();
        for (int i = 0; i < all.tasks(Split.TEST).orElseThrow(); i++) {
            tested.add(name(all, all.sample(new TaskKey(5, Split.TEST, 0, i))));
        }
        assertThat(tested).isEqualTo(groups(Split.TEST));
    }

    @Test
    void aFoldWithoutGroupsIsRefused() {
        TaskSource all = source(new TableFolds(100, 7));
        assertThatThrownBy(() -> all.member(99))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("needs training and validation groups in each of 100 folds")
                .hasMessageContaining("so run.members must be 1");
    }
}
