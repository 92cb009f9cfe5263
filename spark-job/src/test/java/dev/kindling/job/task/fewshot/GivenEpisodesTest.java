package dev.kindling.job.task.fewshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.EpisodeLayout;
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
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Episodes and single tasks that are given as folders or lists of images. */
class GivenEpisodesTest {
    private static final ImageFormat FORMAT = new ImageFormat(6, 1, ImageFormat.Polarity.DARK);

    @TempDir
    private Path folder;

    private static TaskSource open(Path place) {
        FewShotSettings settings = FewShots.settings("/nowhere", "/nowhere", 4, false, 6, new EpisodeSizes(1, 1, 1, 1));
        SourceDescription run = new SourceDescription("few-shot", settings.toMap());
        return TaskSources.open(
                FixedEpisodeSource.describe(run, place.toString(), new Configuration()), new Configuration());
    }

    private static double[] episode(TaskSource source, int index) {
        TaskSpec spec = source.sample(new TaskKey(7, Split.TEST, 0, index));
        FlatVector numbers =
                FlatVector.zeros(Precision.DOUBLE, source.layout(spec).arrays().size());
        source.materialise(spec, numbers, 0);
        return numbers.toDoubles();
    }

    private static ImageSet two() {
        return new ImageSet()
                .images("b/support/dog", 2)
                .images("b/support/cat", 1)
                .images("b/query/dog", 3)
                .images("a/support/x/y", 1)
                .images("a/support/z", 1)
                .images("a/support/x/w", 1)
                .images("a/query/z", 1)
                .images("a/query/x/w", 2);
    }

    private void refused(ImageSet set, String... parts) throws IOException {
        Path place = set.tree(folder.resolve("refused"));
        assertThatThrownBy(() -> open(place))
                .isInstanceOf(BadDataException.class)
                .hasMessageStartingWith("--episodes")
                .hasMessageContainingAll(parts)
                .message()
                .hasLineCount(1);
    }

    private void refusedList(String json, String... parts) throws IOException {
        Path list = Files.writeString(folder.resolve("list.json"), json);
        assertThatThrownBy(() -> open(list))
                .isInstanceOf(BadDataException.class)
                .hasMessageStartingWith("--episodes")
                .hasMessageContainingAll(parts)
                .message()
                .hasLineCount(1);
    }

    private static List<String> names(TaskSource source) {
        return IntStream.range(0, source.tasks(Split.TEST).orElseThrow())
                .mapToObj(index -> source.sample(new TaskKey(1, Split.TEST, 0, index)))
                .map(spec -> source.name(spec).orElseThrow())
                .toList();
    }

    @Test
    void episodesClassesAndImagesAreSortedByName() throws IOException {
        FixedEpisodeSource source = (FixedEpisodeSource) open(two().tree(folder.resolve("set")));
        assertThat(names(source)).containsExactly("a", "b");
        assertThat(source.shots()).isEqualTo(new IntRange(1, 2));
        assertThat(source.queries()).isEqualTo(new IntRange(1, 3));
        assertThat(source.layouts(Split.TEST))
                .extracting(EpisodeLayout::classes, EpisodeLayout::support, EpisodeLayout::query)
                .containsExactlyInAnyOrder(tuple(3, 3, 3), tuple(2, 3, 3));
        assertThat(source.layout(Split.TRAIN).classes()).isEqualTo(4);
        double[] b = episode(source, 1);
        List<Double> pixels = new ArrayList<>();
        for (String path : List.of("b/support/cat/01.png", "b/support/dog/01.png", "b/support/dog/02.png")) {
            pixels.add(1 - ImageSet.grey(path) / 255.0);
        }
        assertThat(List.of(b[0], b[36], b[72])).isEqualTo(pixels);
        assertThat(Arrays.copyOfRange(b, 108, 111)).containsExactly(0, 1, 1);
        assertThat(b[111]).isEqualTo(1 - ImageSet.grey("b/query/dog/01.png") / 255.0);
        assertThat(Arrays.copyOfRange(b, 111 + 108, b.length)).containsExactly(1, 1, 1);
        assertThat(Arrays.copyOfRange(episode(source, 0), 108, 111)).containsExactly(0, 1, 2);
    }

    @Test
    void aListGivesTheArraysOfTheFolderAndKeepsItsOwnOrderOfEpisodes() throws IOException {
        Path set = two().tree(folder.resolve("set"));
        Path list = Files.writeString(folder.resolve("list.json"), """
                [{"name": "second", "support": {"dog": ["set/b/support/dog/02.png", "set/b/support/dog/01.png"],
                                                 "cat": ["%s/b/support/cat/01.png"]},
                  "query": {"dog": ["set/b/query/dog/01.png", "set/b/query/dog/02.png", "set/b/query/dog/03.png"]}},
                 {"support": {"x/w": ["set/a/support/x/w/01.png"], "x/y": ["set/a/support/x/y/01.png"],
                              "z": ["set/a/support/z/01.png"]},
                  "query": {"z": ["set/a/query/z/01.png"], "x/w": ["set/a/query/x/w/01.png", "set/a/query/x/w/02.png"]}}]
                """.formatted(set));
        FixedEpisodeSource listed = (FixedEpisodeSource) open(list);
        assertThat(names(listed)).containsExactly("second", "1");
        TaskSource folders = open(set);
        assertThat(episode(listed, 0)).isEqualTo(episode(folders, 1));
        assertThat(episode(listed, 1)).isEqualTo(episode(folders, 0));
    }

    @Test
    void theHashIsOfTheImagesAndTheirOrder() throws IOException {
        String hash = open(two().tree(folder.resolve("one"))).dataHash();
        assertThat(open(two().tree(folder.resolve("other"))).dataHash()).isEqualTo(hash);
        Path changed = two().tree(folder.resolve("changed"));
        Files.copy(
                changed.resolve("b/query/dog/01.png"),
                changed.resolve("b/query/dog/02.png"),
                StandardCopyOption.REPLACE_EXISTING);
        assertThat(open(changed).dataHash()).isNotEqualTo(hash);
    }

    @Test
    void aClassWithoutImagesIsRefused() throws IOException {
        refused(two().file("b/support/cow/", new byte[0]), "support set of episode b", "class cow has no images");
    }

    @Test
    void aQueryClassWithoutImagesIsRefused() throws IOException {
        refused(two().text("b/query/cat/note.txt", "no image"), "query set of episode b", "class cat has no images");
    }

    @Test
    void aQueryClassThatTheSupportSetLacksIsRefused() throws IOException {
        refused(
                two().images("b/query/cow", 1),
                "query set of episode b",
                "class cow, which is not in the support set; its classes are cat, dog");
    }

    @Test
    void anEpisodeWithoutAQuerySetIsRefused() throws IOException {
        refused(two().images("c/support/cat", 1).images("c/support/dog", 1), "episode c", "no folder query");
    }

    @Test
    void anEpisodeOfOneClassIsRefused() throws IOException {
        refused(
                two().images("c/support/cat", 1).images("c/query/cat", 1),
                "support set of episode c",
                "fewer than two classes");
    }

    @Test
    void imagesOutsideClassFoldersAreRefused() throws IOException {
        refused(two().images("b/query", 1), "query set of episode b", "01.png outside a class folder");
    }

    @Test
    void aDamagedImageIsRefusedByName() throws IOException {
        refused(
                two().file("b/query/dog/broken.png", "no image".getBytes(StandardCharsets.UTF_8)),
                "image b/query/dog/broken.png",
                "is not an image that can be read");
    }

    @Test
    void aFolderWithoutEpisodesIsRefused() throws IOException {
        Files.createDirectories(folder.resolve("refused"));
        refused(new ImageSet(), "which has no episodes");
    }

    @Test
    void aMissingFolderIsRefused() {
        assertThatThrownBy(() -> open(folder.resolve("absent")))
                .isInstanceOf(BadDataException.class)
                .hasMessageContainingAll("--episodes is", "does not exist");
    }

    @Test
    void listsThatAreNotListsOfEpisodesAreRefused() throws IOException {
        refusedList("not json", "neither a folder nor a JSON list of episodes");
        refusedList("{}", "is not a JSON list of episodes");
        refusedList("[]", "which has no episodes");
        refusedList("[{\"query\": {}}]", "has no support in episode 0");
        refusedList("[{\"support\": {\"cat\": 1}}]", "no list of paths for class cat");
        refusedList("[{\"support\": {\"cat\": [7]}}]", "the path 7 in episode 0");
        refusedList(
                "[{\"support\": {\"cat\": [\"hdfs://name/a.png\"]}}]", "hdfs://name/a.png", "file system of the list");
        refusedList("[{\"support\": {\"cat\": [\"a.png\", \"a.png\"]}}]", "lists the image a.png twice in episode 0");
        refusedList(
                "[{\"support\": {\"cat\": [\"a.png\"], \"dog\": [\"b.png\"]}, \"query\": {\"cat\": [\"a.png\"]}}]",
                "lists the image a.png twice in episode 0");
        refusedList(
                "[{\"support\": {\"cat\": [\"a.png\"], \"dog\": [\"b.png\"]}, \"query\": {\"dog\": []}}]",
                "class dog has no images");
        refusedList(
                "[{\"support\": {\"cat\": [\"a.png\"], \"dog\": [\"b.png\"]}, \"query\": {\"cat\": [\"c.png\"]}}]",
                "image",
                "a.png cannot be read");
        String one = "{\"name\": \"e\", \"support\": {\"cat\": [\"a.png\"]}, \"query\": {\"cat\": [\"c.png\"]}}";
        refusedList("[" + one + "," + one + "]", "two episodes of the name e");
    }

    @Test
    void aTaskFromTwoFoldersIsTheEpisodeOfTheSameImages() throws IOException {
        Path set = two().tree(folder.resolve("set"));
        GivenImages images = GivenImages.read(
                set.resolve("b/support").toString(), set.resolve("b/query").toString(), FORMAT, new Configuration());
        assertThat(images.classes()).containsExactly("cat", "dog");
        assertThat(images.isLabelled()).isTrue();
        assertThat(images.queryFiles()).containsExactly("dog/01.png", "dog/02.png", "dog/03.png");
        double[] episode = episode(open(set), 1);
        assertThat(images.supportX()).isEqualTo(Arrays.copyOfRange(episode, 0, 108));
        assertThat(images.supportY()).isEqualTo(Arrays.copyOfRange(episode, 108, 111));
        assertThat(images.queryX()).isEqualTo(Arrays.copyOfRange(episode, 111, 219));
        assertThat(images.queryY()).isEqualTo(Arrays.copyOfRange(episode, 219, 222));
        GivenImages flat = GivenImages.read(
                set.resolve("b/support").toString(),
                set.resolve("b/query/dog").toString(),
                FORMAT,
                new Configuration());
        assertThat(flat.isLabelled()).isFalse();
        assertThat(flat.queryFiles()).containsExactly("01.png", "02.png", "03.png");
        assertThat(flat.queryX()).isEqualTo(images.queryX());
    }
}
