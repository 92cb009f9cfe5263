package dev.kindling.job.task.fewshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.FewShotSource.SampledImage;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pack gives the same tasks as the image set that it was made from, decoded in memory or read on demand. */
final class PackTest {
    private static final Configuration HADOOP = new Configuration();
    private static final EpisodeSizes SIZES = new EpisodeSizes(1, 2, 1, 2);
    private static final long AMPLE = 1 << 20;

    @TempDir
    Path temp;

    private Path tree = Path.of("");
    private Path zip = Path.of("");

    /** Twelve classes of five images in which no two adjacent pixels are equal. */
    @BeforeEach
    void images() throws IOException {
        ImageSet set = new ImageSet();
        StringBuilder train = new StringBuilder();
        StringBuilder test = new StringBuilder();
        for (int c = 0; c < 12; c++) {
            String name = (c < 6 ? "Greek" : "Latin") + "/c" + c;
            (c % 2 == 0 ? train : test).append(name).append('\n');
            for (int i = 0; i < 5; i++) {
                set.file(name + "/" + i + ".png", ImageSet.encoded(picture(c, i), "png"));
            }
        }
        set.text("train.txt", train.toString()).text("test.txt", test.toString());
        tree = set.tree(temp.resolve("tree"));
        zip = set.zip(temp.resolve("set.zip"));
    }

    private static BufferedImage picture(int c, int i) {
        BufferedImage image = new BufferedImage(9, 7, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 7; y++) {
            for (int x = 0; x < 9; x++) {
                image.setRGB(x, y, 0x10305 * (31 * c + 17 * i + 5 * x + 3 * y) & 0xffffff);
            }
        }
        return image;
    }

    private FewShotSettings settings(Path data, int channels, long memory) {
        FewShotSettings settings = FewShots.settings(data.toString(), "", 3, true, 6, SIZES);
        return FewShots.with(settings, new ImageFormat(6, channels, ImageFormat.Polarity.usual(channels)), memory);
    }

    private Path pack(String name, int channels) {
        Path file = temp.resolve(name);
        PackWriter.write(settings(tree, channels, AMPLE), file.toString(), HADOOP);
        return file;
    }

    private static List<double[]> episodes(FewShotSource source) {
        List<double[]> episodes = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            Split split = i % 2 == 0 ? Split.TRAIN : Split.TEST;
            episodes.add(FewShots.episode(source, source.sample(new TaskKey(3, split, 1, i))));
        }
        return episodes;
    }

    @Test
    void aPackGivesTheTasksAndTheHashOfItsOriginal() {
        for (int channels : new int[] {1, 3}) {
            FewShotSource original = FewShotSource.open(settings(tree, channels, AMPLE), HADOOP);
            Path pack = pack("set-" + channels + ".npz", channels);
            FewShotSource packed = FewShotSource.open(settings(pack, channels, AMPLE), HADOOP);
            assertThat(packed.dataHash()).isEqualTo(original.dataHash());
            assertThat(packed.classes(Split.TEST)).isEqualTo(original.classes(Split.TEST));
            assertThat(episodes(packed)).usingRecursiveComparison().isEqualTo(episodes(original));
            assertThat(packed.decodedBytes()).isEqualTo(12L * 5 * channels * 36);
        }
    }

    @Test
    void severalSetsArePackedIntoOneFile() throws IOException {
        Path beasts = new ImageSet()
                .images("train/cats", 5)
                .images("train/dogs", 5)
                .images("test/ants", 5)
                .zip(temp.resolve("beasts.zip"));
        FewShotSettings both = FewShots.with(
                settings(tree, 1, AMPLE), List.of(tree.toString(), beasts.toString()), new SplitSettings.Named(""));
        Path file = temp.resolve("both.npz");
        PackWriter.write(both, file.toString(), HADOOP);
        FewShotSource original = FewShotSource.open(both, HADOOP);
        FewShotSource packed = FewShotSource.open(settings(file, 1, AMPLE), HADOOP);
        assertThat(packed.classes(Split.TRAIN))
                .contains("beasts/train/cats/rot090", "tree/Greek/c0/rot000")
                .isEqualTo(original.classes(Split.TRAIN));
        assertThat(packed.dataHash()).isEqualTo(original.dataHash());
        assertThat(episodes(packed)).usingRecursiveComparison().isEqualTo(episodes(original));
    }

    @Test
    void splitsWhoseNamesDoNotMatchThePackedClassesAreRefused() throws IOException {
        // A set of two folders whose split omits the folders, used as one of several sets.
        Path halves = new ImageSet()
                .images("first/Greek/a", 2)
                .images("second/Latin/b", 2)
                .text("train.txt", "Greek/a\nLatin/b\n")
                .tree(temp.resolve("halves"));
        FewShotSettings both = FewShots.with(
                settings(tree, 1, AMPLE), List.of(tree.toString(), halves.toString()), new SplitSettings.Named(""));
        assertThatThrownBy(() -> PackWriter.write(both, temp.resolve("both.npz").toString(), HADOOP))
                .isInstanceOf(BadDataException.class)
                .hasMessageContainingAll("halves/Greek/a", "which few-shot.data does not hold");
    }

    @Test
    void aSetLargerThanItsMemoryGivesTheSameTasksFromEveryThread() throws Exception {
        List<double[]> expected = episodes(FewShotSource.open(settings(tree, 3, AMPLE), HADOOP));
        // Seven images of 108 bytes with the overhead of each.
        long memory = 7 * (108 + 128);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (Path data : List.of(tree, zip, pack("set.npz", 3))) {
                FewShotSettings settings = FewShots.with(
                        settings(data, 3, memory), List.of(data.toString()), new SplitSettings.Named(tree.toString()));
                FewShotSource source = FewShotSource.open(settings, HADOOP);
                List<Future<List<double[]>>> results = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    results.add(threads.submit(() -> episodes(source)));
                }
                for (Future<List<double[]>> result : results) {
                    assertThat(result.get()).usingRecursiveComparison().isEqualTo(expected);
                }
                assertThat(source.decodedBytes()).isPositive().isLessThanOrEqualTo(memory);
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void theSameSetGivesTheSameBytes() throws IOException {
        Path first = pack("first.npz", 3);
        PackWriter.Packed packed = PackWriter.write(
                settings(tree, 3, AMPLE), temp.resolve("second.npz").toString(), HADOOP);
        assertThat(first).hasSameBinaryContentAs(temp.resolve("second.npz"));
        assertThat(packed.classes()).isEqualTo(12);
        assertThat(packed.images()).isEqualTo(60);
        assertThat(packed.bytes()).isEqualTo(Files.size(first));
        assertThat(packed.hash()).hasSize(64);
        try (Stream<Path> files = Files.list(temp)) {
            assertThat(files.map(path -> path.getFileName().toString()))
                    .as("no temporary file is left")
                    .containsExactlyInAnyOrder("tree", "set.zip", "first.npz", "second.npz");
        }
    }

    /** Written by {@code pack.py}: every later version reads it. */
    @Test
    void thePackOfVersionOneIsRead() throws IOException {
        Path golden = temp.resolve("golden");
        try (InputStream in = Objects.requireNonNull(PackTest.class.getResourceAsStream("pack-1.npz"))) {
            Files.copy(in, golden);
        }
        FewShotSettings settings = FewShots.with(
                FewShots.settings(golden.toString(), "", 2, false, 2, new EpisodeSizes(1, 1, 1, 1)),
                new ImageFormat(2, 3, ImageFormat.Polarity.LIGHT),
                AMPLE);
        for (long memory : new long[] {AMPLE, 0}) {
            FewShotSource source = FewShotSource.open(FewShots.with(settings, settings.imageFormat(), memory), HADOOP);
            assertThat(source.classes(Split.TRAIN)).containsExactly("Greek/alpha", "Greek/beta/rot090");
            // Of the first class images 2 and 1, of the second 0 and 1.
            TaskSpec spec = new TaskSpec(Split.TRAIN, 0, 0, 9, new int[] {0, 2, 1, 1, 0, 1});
            double[] numbers = FewShots.episode(source, spec);
            List<SampledImage> support = source.support(spec);
            for (int row = 0; row < 2; row++) {
                boolean alpha = support.get(row).className().equals("Greek/alpha");
                // Row by row; a quarter turn counter-clockwise brings the right column to the top.
                int[] order = alpha ? new int[] {0, 1, 2, 3} : new int[] {1, 3, 0, 2};
                for (int i = 0; i < 12; i++) {
                    int sample = (alpha ? 60 : 100) + i / 4 * 4 + order[i % 4];
                    assertThat(numbers[row * 12 + i]).isEqualTo(sample / 255.0);
                }
            }
        }
    }

    @Test
    void imageFormatsOtherThanThePacksAreRefused() {
        Path pack = pack("set.npz", 3);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FewShotSource.open(settings(pack, 1, AMPLE), HADOOP))
                .withMessageContainingAll("few-shot.channels is 1", "must be 3", "set.npz");
        FewShotSettings larger =
                FewShots.with(settings(pack, 3, AMPLE), new ImageFormat(28, 3, ImageFormat.Polarity.LIGHT), AMPLE);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FewShotSource.open(larger, HADOOP))
                .withMessageContainingAll("few-shot.image-size is 28", "must be 6", "set.npz");
    }

    @Test
    void aPackIsNotWrittenOverAFile() throws IOException {
        Path there = Files.writeString(temp.resolve("there.npz"), "mine");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PackWriter.write(settings(tree, 1, AMPLE), there.toString(), HADOOP))
                .withMessageContainingAll("--to is", "there.npz", "exists");
        assertThat(there).hasContent("mine");
    }

    @Test
    void aSetThatCannotBePackedLeavesNoFile() throws IOException {
        Files.writeString(tree.resolve("Greek/c1/9.png"), "no image");
        assertThatThrownBy(() -> pack("broken.npz", 1))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("Greek/c1/9.png");
        try (Stream<Path> files = Files.list(temp)) {
            assertThat(files).noneMatch(path -> path.getFileName().toString().contains("broken"));
        }
    }

    @Test
    void aDamagedImageIsNamedHoweverItIsRead() throws IOException {
        Path pack = pack("set.npz", 1);
        byte[] bytes = Files.readAllBytes(pack);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int array = text.indexOf("\u0093NUMPY", text.indexOf("Greek/c2.npy"));
        bytes[array + 128 + 36 + 5] ^= 1;
        Files.write(pack, bytes);
        for (long memory : new long[] {AMPLE, 0}) {
            FewShotSource source = FewShotSource.open(settings(pack, 1, memory), HADOOP);
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 200; i++) {
                            FewShots.episode(source, source.sample(new TaskKey(1, Split.TRAIN, 0, i)));
                        }
                    })
                    .isInstanceOf(BadDataException.class)
                    .hasMessageContainingAll("Greek/c2/1.png", "set.npz", "is damaged");
        }
    }

    /** The pack unpacked and zipped again, in another order. */
    private Path zippedAgain(Path pack, int method) throws IOException {
        Path again = temp.resolve("again" + method + ".npz");
        SortedMap<String, byte[]> entries = new TreeMap<>(Collections.reverseOrder());
        try (ZipInputStream in = new ZipInputStream(Files.newInputStream(pack))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                entries.put(entry.getName(), in.readAllBytes());
            }
        }
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(again))) {
            for (Map.Entry<String, byte[]> each : entries.entrySet()) {
                ZipEntry entry = new ZipEntry(each.getKey());
                entry.setMethod(method);
                entry.setSize(each.getValue().length);
                entry.setCrc(ImageStore.crc(each.getValue(), 0, each.getValue().length));
                out.putNextEntry(entry);
                out.write(each.getValue());
            }
        }
        return again;
    }

    @Test
    void aPackThatWasZippedAgainIsReadUnlessItWasCompressed() throws IOException {
        Path pack = pack("set.npz", 1);
        Path stored = zippedAgain(pack, ZipEntry.STORED);
        Path deflated = zippedAgain(pack, ZipEntry.DEFLATED);
        for (long memory : new long[] {AMPLE, 0}) {
            FewShotSource expected = FewShotSource.open(settings(pack, 1, memory), HADOOP);
            FewShotSource source = FewShotSource.open(settings(stored, 1, memory), HADOOP);
            assertThat(source.dataHash()).isEqualTo(expected.dataHash());
            TaskSpec spec = source.sample(new TaskKey(1, Split.TRAIN, 0, 3));
            assertThat(FewShots.episode(source, spec)).isEqualTo(FewShots.episode(expected, spec));
            FewShotSource compressed = FewShotSource.open(settings(deflated, 1, memory), HADOOP);
            assertThatThrownBy(() -> FewShots.episode(compressed, spec))
                    .isInstanceOf(BadDataException.class)
                    .hasMessageContainingAll("again8.npz is compressed", "pack the set again", "zip -0")
                    .hasMessageNotContaining("damaged");
        }
    }

    @Test
    void aPackOfAnotherVersionIsRefused() throws IOException {
        Path later = new ImageSet()
                .text(Pack.MANIFEST, "{\"format\": \"kindling-pack\", \"version\": 2}")
                .zip(temp.resolve("later.npz"));
        assertThatThrownBy(() -> FewShotSource.open(settings(later, 1, AMPLE), HADOOP))
                .isInstanceOf(BadDataException.class)
                .hasMessageContainingAll("later.npz", "kindling-pack, version 2", "reads kindling-pack, version 1");
    }

    @Test
    void aDamagedListOrManifestIsRefused() throws IOException {
        Path pack = pack("set.npz", 1);
        byte[] bytes = Files.readAllBytes(pack);
        for (String[] change : new String[][] {
            {"Greek/c3\t2.png", "Greek/c3\t3.png", "images.tsv"},
            {"\"version\" : 1", "\"version\" : 7", "kindling-pack.json"}
        }) {
            String text = new String(bytes, StandardCharsets.ISO_8859_1).replace(change[0], change[1]);
            Files.write(pack, text.getBytes(StandardCharsets.ISO_8859_1));
            assertThatThrownBy(() -> FewShotSource.open(settings(pack, 1, AMPLE), HADOOP))
                    .isInstanceOf(BadDataException.class)
                    .hasMessageContainingAll(change[2], "set.npz", "is damaged");
        }
    }
}
