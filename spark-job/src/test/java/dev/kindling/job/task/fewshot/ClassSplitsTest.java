package dev.kindling.job.task.fewshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.FewShotSettings.ClassPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Splits drawn at random, read from folders and over several image sets; tasks within one class group. */
final class ClassSplitsTest {
    private static final Configuration HADOOP = new Configuration();
    private static final EpisodeSizes SIZES = new EpisodeSizes(1, 1, 1, 1);

    @TempDir
    Path temp;

    private static FewShotSettings settings(Path data) {
        return FewShots.settings(data.toString(), "", 2, false, 4, SIZES);
    }

    private static FewShotSettings shares(Path data, double train, double validation, long seed) {
        return FewShots.with(
                settings(data), List.of(data.toString()), new SplitSettings.Shares(train, validation, seed));
    }

    private static List<String> classes(FewShotSettings settings, Split split) {
        return FewShotSource.open(settings, HADOOP).classes(split);
    }

    private static List<TaskSpec> tasks(FewShotSource source, int count) {
        List<TaskSpec> specs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            specs.add(source.sample(new TaskKey(5, Split.TRAIN, 0, i)));
        }
        return specs;
    }

    private static Set<String> classNames(FewShotSource source, TaskSpec spec) {
        return source.query(spec).stream()
                .map(FewShotSource.SampledImage::className)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private Path twenty(String name) throws IOException {
        ImageSet set = new ImageSet();
        for (int i = 0; i < 20; i++) {
            set.images("c%02d".formatted((i * 7) % 20), 2);
        }
        return set.file("empty/", new byte[0]).tree(temp.resolve(name));
    }

    @Test
    void aRandomSplitDependsOnTheSeedAndTheNamesOnly() throws IOException {
        Path data = twenty("set");
        FewShotSettings settings = shares(data, 0.64, 0.16, 1);
        List<String> train = classes(settings, Split.TRAIN);
        List<String> validation = classes(settings, Split.VALIDATE);
        List<String> test = classes(settings, Split.TEST);
        assertThat(train).hasSize(13).isNotEqualTo(List.of());
        assertThat(validation).hasSize(3);
        assertThat(test).hasSize(4);
        Set<String> all = new HashSet<>(train);
        all.addAll(validation);
        all.addAll(test);
        assertThat(all).hasSize(20).doesNotContain("empty");
        ImageSet zipped = new ImageSet();
        for (int i = 19; i >= 0; i--) {
            zipped.images("c%02d".formatted(i), 2);
        }
        Path zip = zipped.zip(temp.resolve("set.zip"));
        assertThat(classes(shares(zip, 0.64, 0.16, 1), Split.TRAIN)).isEqualTo(train);
        assertThat(FewShotSource.open(shares(zip, 0.64, 0.16, 1), HADOOP).dataHash())
                .isEqualTo(FewShotSource.open(settings, HADOOP).dataHash())
                .isNotEqualTo(
                        FewShotSource.open(shares(zip, 0.64, 0.16, 2), HADOOP).dataHash());
        assertThat(classes(shares(data, 0.64, 0.16, 2), Split.TRAIN)).isNotEqualTo(train);
        assertThat(train)
                .as("not simply the first ones")
                .isNotEqualTo(classes(shares(data, 1, 0, 1), Split.TRAIN).subList(0, 13));
    }

    @Test
    void anEmptyShareIsRefusedOnlyWhenTasksAreSampledFromIt() throws IOException {
        FewShotSource source = FewShotSource.open(shares(twenty("set"), 0.8, 0, 1), HADOOP);
        assertThat(source.classes(Split.TEST)).hasSize(4);
        Assertions.assertThatThrownBy(() -> source.layout(Split.VALIDATE))
                .isInstanceOf(BadDataException.class)
                .hasMessageContainingAll("val.txt", "a share of the classes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SplitSettings.Shares(0.8, 0.3, 1))
                .withMessageContainingAll("train = 0.8", "validation = 0.3", "at most 1");
    }

    @Test
    void allRotationsOfAClassAreInTheSameSplit() throws IOException {
        FewShotSettings settings = shares(twenty("set"), 0.5, 0.25, 3).withRotations(true);
        FewShotSource source = FewShotSource.open(settings, HADOOP);
        assertThat(source.classes(Split.TRAIN)).hasSize(40);
        assertThat(source.checks(List.of()).get(0).holds()).isTrue();
    }

    @Test
    void foldersNamedTrainValAndTestAreSplits() throws IOException {
        ImageSet set = new ImageSet()
                .images("train/cats", 2)
                .images("train/dogs", 2)
                .images("val/bats/brown", 2)
                .images("val/bats/grey", 2)
                .images("test/eels", 2)
                .images("test/ants", 2)
                .images("spare/cows", 2);
        for (Path data : List.of(set.tree(temp.resolve("tree")), set.zip(temp.resolve("set.zip")))) {
            FewShotSource source = FewShotSource.open(settings(data), HADOOP);
            assertThat(source.classes(Split.TRAIN)).containsExactly("train/cats", "train/dogs");
            assertThat(source.classes(Split.VALIDATE)).containsExactly("val/bats/brown", "val/bats/grey");
            assertThat(source.classes(Split.TEST)).containsExactly("test/ants", "test/eels");
        }
    }

    @Test
    void theSameClassInTwoFoldersIsRefused() throws IOException {
        Path data = new ImageSet()
                .images("train/cats", 2)
                .images("train/dogs", 2)
                .images("test/cats", 2)
                .images("test/eels", 2)
                .tree(temp.resolve("tree"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FewShotSource.open(settings(data), HADOOP))
                .withMessageContainingAll("class cats", "the folder train", "the folder test");
    }

    @Test
    void severalSetsAreOneEachWithItsOwnSplits() throws IOException {
        Path first = new ImageSet()
                .images("Greek/c1", 3)
                .images("Greek/c2", 3)
                .text("train.txt", "Greek/c1\n")
                .text("test.txt", "Greek/c2\n")
                .tree(temp.resolve("letters"));
        Path second =
                new ImageSet().images("train/cats", 3).images("test/ants", 3).zip(temp.resolve("beasts.zip"));
        Path third =
                new ImageSet().images("train/cats", 3).tree(temp.resolve("more").resolve("beasts"));
        FewShotSettings settings = FewShots.with(
                settings(first),
                List.of(first.toString(), second.toString(), third.toString()),
                new SplitSettings.Named(""));
        FewShotSource source = FewShotSource.open(settings, HADOOP);
        assertThat(source.classes(Split.TRAIN))
                .containsExactly("beasts-2/train/cats", "beasts/train/cats", "letters/Greek/c1");
        assertThat(source.classes(Split.TEST)).containsExactly("beasts/test/ants", "letters/Greek/c2");
        assertThat(FewShotSettings.fromMap(settings.toMap())).isEqualTo(settings);
        for (TaskSpec spec : tasks(source, 20)) {
            List<FewShotSource.SampledImage> images = source.support(spec);
            double[] numbers = FewShots.episode(source, spec);
            for (int row = 0; row < images.size(); row++) {
                FewShotSource.SampledImage image = images.get(row);
                String inside = image.className().substring(image.className().indexOf('/') + 1);
                double ink = 1 - ImageSet.grey(inside + "/" + image.image()) / 255.0;
                assertThat(numbers[row * 16]).isEqualTo(ink);
            }
        }
        Path split = Files.createDirectories(temp.resolve("split"));
        Files.writeString(split.resolve("train.txt"), "letters/Greek/c2\nbeasts/train/cats\n");
        assertThat(classes(
                        FewShots.with(settings, settings.data(), new SplitSettings.Named(split.toString())),
                        Split.TRAIN))
                .containsExactly("beasts/train/cats", "letters/Greek/c2");
    }

    @Test
    void allClassesOfATaskComeFromOneGroup() throws IOException {
        ImageSet set = new ImageSet();
        StringBuilder train = new StringBuilder();
        for (String each :
                List.of("Greek/a", "Greek/b", "Greek/c", "Latin/a", "Latin/b", "Latin/c", "Latin/d", "Tiny/a")) {
            set.images(each, 2);
            train.append(each).append('\n');
        }
        Path data = set.text("train.txt", train.toString()).tree(temp.resolve("tree"));
        FewShotSettings settings = FewShots.with(settings(data), ClassPool.GROUP, WaySettings.of(3));
        FewShotSource source = FewShotSource.open(settings, HADOOP);
        int greek = 0;
        Set<Set<String>> latin = new HashSet<>();
        for (TaskSpec spec : tasks(source, 300)) {
            Set<String> names = classNames(source, spec);
            assertThat(names).hasSize(3);
            Set<String> groups =
                    names.stream().map(name -> name.substring(0, 5)).collect(Collectors.toSet());
            assertThat(groups).hasSize(1);
            if (groups.contains("Greek")) {
                greek++;
            } else {
                latin.add(names);
            }
        }
        // Half of 300, to four standard deviations: the probability of a group does not depend on its size.
        assertThat(greek).isBetween(115, 185);
        assertThat(latin).hasSize(4);
        assertThat(source.notes())
                .singleElement()
                .asString()
                .startsWith("1 of 3 alphabets of ")
                .endsWith("are left out: they have fewer classes than the 3 of a task");
        FewShotSource tooMany = FewShotSource.open(FewShots.with(settings, ClassPool.GROUP, WaySettings.of(5)), HADOOP);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tooMany.layout(Split.TRAIN))
                .withMessageContainingAll("few-shot.ways is 5", "none of the 3 alphabets");
    }

    @Test
    void aSetWithoutParentFoldersHasNoGroups() throws IOException {
        FewShotSource source = FewShotSource.open(
                FewShots.with(shares(twenty("set"), 0.5, 0.25, 1), ClassPool.GROUP, WaySettings.of(2)), HADOOP);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> source.layout(Split.TRAIN))
                .withMessageContainingAll("few-shot.within is alphabet", "lie in no folder");
    }

    @Test
    void waysAndShotsMayBeDrawnForEachTask() throws IOException {
        FewShotSettings fixed = shares(twenty("set"), 1, 0, 1);
        FewShotSettings settings = FewShots.with(
                FewShots.with(fixed, ClassPool.SPLIT, new WaySettings(new IntRange(3, 6), new IntRange(3, 6))),
                new EpisodeSizes(new IntRange(1, 1), 1, new IntRange(1, 1), 1));
        FewShotSource source = FewShotSource.open(settings, HADOOP);
        assertThat(source.outputs()).isEqualTo("few-shot.ways is [3, 6]");
        assertThat(source.layouts(Split.TRAIN))
                .extracting(EpisodeLayout::classes)
                .containsExactly(3, 4, 5, 6);
        assertThat(source.layout(Split.TRAIN).classes()).isEqualTo(6);
        Set<Integer> ways = new TreeSet<>();
        for (TaskSpec spec : tasks(source, 100)) {
            int drawn = classNames(source, spec).size();
            ways.add(drawn);
            assertThat(source.layout(spec).classes()).isEqualTo(drawn);
            assertThat(source.layout(spec).support()).isEqualTo(drawn);
            assertThat(source.layouts(Split.TRAIN)).contains(source.layout(spec));
            double[] numbers = FewShots.episode(source, spec);
            assertThat(numbers).hasSize(2 * drawn * 17);
            assertThat(source.support(spec).stream().map(FewShotSource.SampledImage::label))
                    .allMatch(label -> label < drawn)
                    .doesNotHaveDuplicates();
        }
        assertThat(ways).containsExactly(3, 4, 5, 6);
        assertThat(FewShotSettings.fromMap(settings.toMap())).isEqualTo(settings);
        FewShotSource alike = FewShotSource.open(fixed, HADOOP);
        assertThat(alike.layouts(Split.TRAIN)).containsExactly(alike.layout(Split.TRAIN));
    }

    @Test
    void evaluationMayHaveOtherWaysThanTraining() throws IOException {
        FewShotSettings settings = FewShots.with(
                shares(twenty("set"), 0.3, 0.3, 1),
                ClassPool.SPLIT,
                new WaySettings(IntRange.of(2), new IntRange(4, 5)));
        FewShotSource source = FewShotSource.open(settings, HADOOP);
        assertThat(source.outputs()).isEqualTo("few-shot.ways is 2 and evaluation.ways is [4, 5]");
        assertThat(source.layouts(Split.TRAIN))
                .extracting(EpisodeLayout::classes)
                .containsExactly(2);
        assertThat(source.layouts(Split.VALIDATE))
                .extracting(EpisodeLayout::classes)
                .containsExactly(4, 5);
        Set<Integer> ways = new TreeSet<>();
        for (int i = 0; i < 50; i++) {
            TaskSpec spec = source.sample(new TaskKey(1, Split.TEST, 0, i));
            ways.add(source.layout(spec).classes());
            assertThat(classNames(source, spec)).hasSize(source.layout(spec).classes());
        }
        assertThat(ways).containsExactly(4, 5);
        assertThat(FewShotSettings.fromMap(settings.toMap())).isEqualTo(settings);
        FewShotSource tooMany = FewShotSource.open(
                FewShots.with(settings, ClassPool.SPLIT, new WaySettings(IntRange.of(2), IntRange.of(9))), HADOOP);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tooMany.layouts(Split.TEST))
                .withMessageStartingWith("evaluation.ways is 9; it must be at most 8");
    }

    @Test
    void tooManyShapesAreRefusedNamingTheSettings() throws IOException {
        ImageSet set = new ImageSet();
        for (int i = 0; i < 18; i++) {
            set.images("c%02d".formatted(i), 17);
        }
        FewShotSettings settings = FewShots.with(
                FewShots.with(
                        shares(set.tree(temp.resolve("many")), 1, 0, 1),
                        ClassPool.SPLIT,
                        new WaySettings(new IntRange(2, 18), IntRange.of(2))),
                new EpisodeSizes(new IntRange(1, 16), 1, IntRange.of(1), 1));
        FewShotSource source = FewShotSource.open(settings, HADOOP);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> source.layouts(Split.TRAIN))
                .withMessage(
                        "few-shot.ways is [2, 18] and task.support is [1, 16]: tasks of 272 shapes; there may be 256, "
                                + "because each shape has its own program");
    }

    @Test
    void shotsThatVaryGiveEachClassOfATaskTheSameNumber() throws IOException {
        ImageSet set = new ImageSet().images("a", 9).images("b", 9).images("c", 9);
        FewShotSettings settings = FewShots.with(
                shares(set.tree(temp.resolve("nine")), 1, 0, 1),
                new EpisodeSizes(new IntRange(1, 5), 2, new IntRange(1, 1), 1));
        FewShotSource source = FewShotSource.open(settings, HADOOP);
        assertThat(source.layouts(Split.TRAIN))
                .extracting(EpisodeLayout::support)
                .containsExactly(2, 4, 6, 8, 10);
        Set<Integer> shots = new TreeSet<>();
        for (TaskSpec spec : tasks(source, 100)) {
            List<FewShotSource.SampledImage> support = source.support(spec);
            shots.add(support.size() / 2);
            assertThat(support.stream().filter(each -> each.label() == 0)).hasSize(support.size() / 2);
            assertThat(source.query(spec)).hasSize(4);
            assertThat(support).doesNotContainAnyElementsOf(source.query(spec));
        }
        assertThat(shots).containsExactly(1, 2, 3, 4, 5);
    }
}
