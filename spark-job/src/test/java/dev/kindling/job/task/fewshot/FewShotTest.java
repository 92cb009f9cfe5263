package dev.kindling.job.task.fewshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.FewShotSource.SampledImage;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Indexing, splits and episodes on small generated image sets. */
final class FewShotTest {
    private static final Configuration HADOOP = new Configuration();
    private static final EpisodeSizes SIZES = new EpisodeSizes(2, 3, 1, 4);

    @TempDir
    Path temp;

    private static ImageSet twelve(String top) {
        ImageSet set = new ImageSet();
        // In descending order, so that ascending order must come from sorting.
        for (int i = 11; i >= 0; i--) {
            set.images(top + "%s/c%02d".formatted(i < 6 ? "Greek" : "Angelic", i), 6);
        }
        return set;
    }

    private static String line(int i) {
        return "%s/c%02d".formatted(i < 6 ? "Greek" : "Angelic", i);
    }

    private Path split() throws IOException {
        Path split = Files.createDirectories(temp.resolve("splits"));
        Files.write(
                split.resolve("train.txt"),
                IntStream.range(0, 5).mapToObj(FewShotTest::line).toList());
        Files.write(
                split.resolve("test.txt"),
                IntStream.range(5, 12).mapToObj(FewShotTest::line).toList());
        return split;
    }

    private FewShotSettings settings(Path data, boolean rotations) throws IOException {
        return FewShots.settings(data.toString(), split().toString(), 3, rotations, 6, SIZES);
    }

    private static TaskKey key(Split split, int index) {
        return new TaskKey(11, split, 4, index);
    }

    @Test
    void anEpisodeHasTheShapesOfWaysAndShots() throws IOException {
        FewShotSource source = FewShotSource.open(settings(twelve("top/").zip(temp.resolve("a.zip")), false), HADOOP);
        assertThat(source.layout(Split.TRAIN)).isEqualTo(new EpisodeLayout(Shape.of(1, 6, 6), 3, 3, 6, 9));
        assertThat(source.layout(Split.TEST)).isEqualTo(new EpisodeLayout(Shape.of(1, 6, 6), 3, 3, 3, 12));
    }

    @Test
    void everyRowShowsTheImageThatTheSpecNamesAndLabelsAreBalanced() throws IOException {
        FewShotSource source = FewShotSource.open(settings(twelve("top/").zip(temp.resolve("a.zip")), false), HADOOP);
        TaskSpec spec = source.sample(key(Split.TRAIN, 0));
        double[] numbers = FewShots.episode(source, spec);
        int at = 0;
        for (List<SampledImage> set : List.of(source.support(spec), source.query(spec))) {
            int labels = at + set.size() * 36;
            for (int row = 0; row < set.size(); row++) {
                SampledImage image = set.get(row);
                double dark = 1 - ImageSet.grey(image.className() + "/" + image.image()) / 255.0;
                for (int i = 0; i < 36; i++) {
                    assertThat(numbers[at + row * 36 + i]).isCloseTo(dark, within(1e-12));
                }
                assertThat(numbers[labels + row]).isEqualTo(image.label());
            }
            for (int label = 0; label < 3; label++) {
                int expected = label;
                List<SampledImage> ofLabel =
                        set.stream().filter(each -> each.label() == expected).toList();
                assertThat(ofLabel).hasSize(set.size() / 3).doesNotHaveDuplicates();
                assertThat(ofLabel.stream().map(SampledImage::className).distinct())
                        .hasSize(1);
            }
            at = labels + set.size();
        }
        assertThat(at).isEqualTo(numbers.length);
    }

    @Test
    void supportAndQueryShareNoImageAndClassesComeFromTheirSplit() throws IOException {
        FewShotSource source = FewShotSource.open(settings(twelve("top/").zip(temp.resolve("a.zip")), false), HADOOP);
        List<TaskSpec> specs = new ArrayList<>();
        for (Split split : List.of(Split.TRAIN, Split.TEST)) {
            for (int i = 0; i < 50; i++) {
                TaskSpec spec = source.sample(key(split, i));
                assertThat(source.support(spec)).doesNotContainAnyElementsOf(source.query(spec));
                assertThat(source.classes(split))
                        .containsAll(source.query(spec).stream()
                                .map(SampledImage::className)
                                .toList());
                specs.add(spec);
            }
        }
        assertThat(source.classes(Split.TRAIN)).doesNotContainAnyElementsOf(source.classes(Split.TEST));
        assertThat(source.checks(specs)).hasSize(2).allMatch(check -> check.holds());
        int[] shared = specs.get(0).sampleIndices().clone();
        shared[3] = shared[1];
        TaskSpec leaking = new TaskSpec(Split.TRAIN, 4, 0, specs.get(0).seed(), shared);
        assertThat(source.checks(List.of(leaking)).get(1).holds()).isFalse();
    }

    @Test
    void labelsDependNeitherOnClassNamesNorOnRows() throws IOException {
        FewShotSource source = FewShotSource.open(settings(twelve("top/").zip(temp.resolve("a.zip")), false), HADOOP);
        Set<List<Integer>> orders = new HashSet<>();
        int lowestClassIsLabelZero = 0;
        for (int i = 0; i < 300; i++) {
            TaskSpec spec = source.sample(key(Split.TEST, i));
            List<SampledImage> support = source.support(spec);
            orders.add(support.stream().map(SampledImage::label).toList());
            SampledImage first = support.stream()
                    .min(Comparator.comparing(SampledImage::className))
                    .orElseThrow();
            lowestClassIsLabelZero += first.label() == 0 ? 1 : 0;
        }
        assertThat(orders).hasSize(6);
        // A third of 300, to four standard deviations.
        assertThat(lowestClassIsLabelZero).isBetween(67, 133);
    }

    @Test
    void aZipAndItsUnpackedTreeGiveTheSameTasksAndHash() throws IOException {
        FewShotSettings zipped = settings(twelve("top/").zip(temp.resolve("a.zip")), true);
        FewShotSettings unpacked = settings(twelve("").tree(temp.resolve("tree")), true);
        FewShotSource source = FewShotSource.open(zipped, HADOOP);
        TaskSource other = TaskSources.open(
                new SourceDescription("few-shot", unpacked.qualified(HADOOP).toMap()), HADOOP);
        assertThat(source.dataHash()).isEqualTo(other.dataHash()).hasSize(64);
        for (int i = 0; i < 20; i++) {
            TaskSpec spec = source.sample(key(Split.TEST, i));
            assertThat(other.sample(key(Split.TEST, i))).isEqualTo(spec);
            assertThat(FewShots.episode(other, spec)).containsExactly(FewShots.episode(source, spec));
        }
    }

    @Test
    void rotationsMakeFourClassesUnlessTheSplitNamesThem() throws IOException {
        Path zip = twelve("top/").zip(temp.resolve("a.zip"));
        FewShotSource source = FewShotSource.open(settings(zip, true), HADOOP);
        assertThat(source.classes(Split.TRAIN))
                .hasSize(20)
                .startsWith("Greek/c00/rot000", "Greek/c00/rot090", "Greek/c00/rot180", "Greek/c00/rot270");
        Path named = Files.createDirectories(temp.resolve("named"));
        Files.writeString(named.resolve("train.txt"), "Greek/c00/rot270\r\n\r\nGreek/c00/rot000\r\nGreek/c01/rot090\n");
        for (boolean rotations : new boolean[] {false, true}) {
            assertThat(FewShotSource.open(
                                    FewShots.settings(zip.toString(), named.toString(), 2, rotations, 6, SIZES), HADOOP)
                            .classes(Split.TRAIN))
                    .containsExactly("Greek/c00/rot000", "Greek/c00/rot270", "Greek/c01/rot090");
        }
    }

    @Test
    void severalFoldersOrZipsInAFolderAreOneSet() throws IOException {
        Path trees = temp.resolve("trees");
        new ImageSet()
                .images("background/Greek/c00", 6)
                .images("background/Greek/c01", 6)
                .tree(trees);
        new ImageSet().images("evaluation/Angelic/c06", 6).tree(trees);
        Path zips = Files.createDirectories(temp.resolve("zips"));
        new ImageSet()
                .text("background/.DS_Store", "")
                .images("background/Greek/c00", 6)
                .images("background/Greek/c01", 6)
                .text("__MACOSX/background/Greek/c00/01.png", "no image")
                .zip(zips.resolve("b.zip"));
        new ImageSet().images("evaluation/Angelic/c06", 6).zip(zips.resolve("a.ZIP"));
        Path split = Files.createDirectories(temp.resolve("split"));
        Files.writeString(split.resolve("train.txt"), "Greek/c01\nAngelic/c06\nGreek/c00");
        List<FewShotSource> sources = new ArrayList<>();
        for (Path data : List.of(trees, zips)) {
            FewShotSettings settings = FewShots.settings(data.toString(), split.toString(), 3, false, 6, SIZES);
            sources.add(FewShotSource.open(settings, HADOOP));
        }
        for (FewShotSource source : sources) {
            assertThat(source.classes(Split.TRAIN)).containsExactly("Angelic/c06", "Greek/c00", "Greek/c01");
        }
        TaskKey key = key(Split.TRAIN, 0);
        assertThat(FewShots.episode(sources.get(0), sources.get(0).sample(key)))
                .containsExactly(FewShots.episode(sources.get(1), sources.get(1).sample(key)));
    }

    @Test
    void changingOneByteChangesTheHash() throws IOException {
        Path first = twelve("top/").text("top/Greek/c03/07.png", "aaaa").zip(temp.resolve("a.zip"));
        Path second = twelve("top/").text("top/Greek/c03/07.png", "aaab").zip(temp.resolve("b.zip"));
        assertThat(FewShotSource.open(settings(first, false), HADOOP).dataHash())
                .isNotEqualTo(
                        FewShotSource.open(settings(second, false), HADOOP).dataHash());
    }

    @Test
    void onlyTheClassesOfSplitsAreDecoded() throws IOException {
        Path zip = twelve("top/")
                .images("top/Unused/c99", 6)
                .text("top/Unused/c99/07.png", "no image")
                .zip(temp.resolve("a.zip"));
        assertThat(FewShotSource.open(settings(zip, true), HADOOP).decodedBytes())
                .isEqualTo(12 * 6 * 36);
    }

    @Test
    void aMissingSplitIsRefusedOnlyWhenTasksAreSampledFromIt() throws IOException {
        FewShotSource source = FewShotSource.open(settings(twelve("top/").zip(temp.resolve("a.zip")), false), HADOOP);
        source.layout(Split.TRAIN);
        assertThatThrownBy(() -> source.layout(Split.VALIDATE))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("val.txt");
    }

    @Test
    void relativePathsAreResolved() {
        assertThat(FewShots.settings("data/a.zip", "", 5, false, 28, SIZES)
                        .qualified(HADOOP)
                        .data()
                        .get(0))
                .startsWith("file:/")
                .endsWith("/data/a.zip");
    }
}
