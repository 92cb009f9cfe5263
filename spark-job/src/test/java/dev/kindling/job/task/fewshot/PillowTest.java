package dev.kindling.job.task.fewshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.InflaterInputStream;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares decoded and resized images with {@code pillow.txt}, which {@code pillow.py} wrote. */
final class PillowTest {
    private static final int SIZE = 28;

    /** The tolerance for rounding to 32 bits; the bytes are the same. */
    private static final Offset<Double> EXACT = Offset.offset(1e-7);

    private record Expected(String name, int turns, byte[] bytes) {}

    @Test
    void resizingGivesTheBytesOfPillow() {
        List<Expected> patterns =
                expected("pattern-").filter(each -> each.turns() == 0).toList();
        assertThat(patterns).hasSize(5);
        for (Expected each : patterns) {
            int[] extents = Stream.of(each.name().replace("pattern-", "").split("x"))
                    .mapToInt(Integer::parseInt)
                    .toArray();
            assertThat(new Lanczos.ToSquare(SIZE).resize(pattern(extents[0], extents[1]), extents[0], extents[1]))
                    .as(each.name())
                    .isEqualTo(each.bytes());
        }
    }

    @Test
    void coloursAreResizedChannelByChannel() {
        List<Expected> patterns = expected("colour-").toList();
        assertThat(patterns).hasSize(2);
        for (Expected each : patterns) {
            int[] extents = Stream.of(each.name().replace("colour-", "").split("x"))
                    .mapToInt(Integer::parseInt)
                    .toArray();
            BufferedImage image = new BufferedImage(extents[0], extents[1], BufferedImage.TYPE_INT_RGB);
            for (int y = 0; y < extents[1]; y++) {
                for (int x = 0; x < extents[0]; x++) {
                    int grey = 7 * x * x + 13 * y + x * y;
                    image.setRGB(x, y, (grey & 255) << 16 | (grey + 50 * x & 255) << 8 | (grey + 100 * x & 255));
                }
            }
            Decoder decoder = new Decoder(new ImageFormat(SIZE, 3, ImageFormat.Polarity.LIGHT));
            for (String format : List.of("png", "bmp")) {
                assertThat(decoder.decode(each.name(), ImageSet.encoded(image, format)))
                        .as(each.name() + " as " + format)
                        .isEqualTo(each.bytes());
            }
        }
    }

    @Test
    void omniglotImagesInFourRotationsEqualThoseOfPillow(@TempDir Path split) throws IOException {
        Path folder = Omniglot.folder();
        List<Expected> drawings = expected("").toList();
        assertThat(drawings).hasSize(80);
        TreeSet<String> classes =
                drawings.stream().map(PillowTest::className).collect(Collectors.toCollection(TreeSet::new));
        Files.write(split.resolve("test.txt"), classes);
        FewShotSource source = FewShotSource.open(
                FewShots.settings(folder.toString(), split.toString(), 2, true, SIZE, new EpisodeSizes(1, 1, 1, 19)),
                new Configuration());
        for (Expected each : drawings) {
            double[] shown = shown(source, each);
            for (int i = 0; i < shown.length; i++) {
                assertThat(shown[i]).as(each.name()).isCloseTo(1 - (each.bytes()[i] & 0xff) / 255.0, EXACT);
            }
        }
    }

    /** The image as in a task: the query set has all images of its class except one, which is in the support set. */
    private static double[] shown(FewShotSource source, Expected expected) {
        String className = className(expected) + "/rot%03d".formatted(90 * expected.turns());
        List<String> classes = source.classes(Split.TEST);
        int number = classes.indexOf(className);
        int[] items = IntStream.concat(
                        IntStream.concat(IntStream.of(number), IntStream.range(0, 20)),
                        IntStream.concat(IntStream.of((number + 1) % classes.size()), IntStream.range(0, 20)))
                .toArray();
        TaskSpec spec = new TaskSpec(Split.TEST, 0, 0, 17, items);
        FlatVector episode = FlatVector.zeros(
                Precision.FLOAT, source.layout(Split.TEST).arrays().size());
        source.materialise(spec, episode, 0);
        String image = expected.name().substring(expected.name().lastIndexOf('/') + 1);
        FewShotSource.SampledImage drawing = new FewShotSource.SampledImage(className, image, 0);
        int inSupport = source.support(spec).indexOf(drawing);
        int at = inSupport >= 0
                ? inSupport * SIZE * SIZE
                : source.layout(Split.TEST).arrays().offset("query.x")
                        + source.query(spec).indexOf(drawing) * SIZE * SIZE;
        return IntStream.range(at, at + SIZE * SIZE).mapToDouble(episode::at).toArray();
    }

    private static String className(Expected each) {
        return each.name().substring(0, each.name().lastIndexOf('/'));
    }

    private static byte[] pattern(int width, int height) {
        byte[] pixels = new byte[width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                pixels[y * width + x] = (byte) (7 * x * x + 13 * y + x * y);
            }
        }
        return pixels;
    }

    private static Stream<Expected> expected(String prefix) {
        try (InputStream in = Objects.requireNonNull(PillowTest.class.getResourceAsStream("pillow.txt"))) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .filter(line ->
                            line.replaceFirst("^(pattern-|colour-|).*", "$1").equals(prefix))
                    .map(line -> line.split(" "))
                    .map(parts -> new Expected(parts[0], Integer.parseInt(parts[1]), inflated(parts[2])));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] inflated(String text) {
        byte[] bytes = Base64.getDecoder().decode(text);
        try (InputStream in = new InflaterInputStream(new ByteArrayInputStream(bytes))) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
