package dev.kindling.job.task.fewshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.ClassSplit.TurnedClass;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Distorted images of training tasks. */
class AugmentationTest {
    private static final Configuration HADOOP = new Configuration();
    private static final int SIZE = 6;

    @TempDir
    Path temp;

    /** An image that no turn or shift leaves as it is. */
    private static byte[] pattern() {
        BufferedImage image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < SIZE * SIZE; i++) {
            image.getRaster().setSample(i % SIZE, i / SIZE, 0, (i * i * 5) % 181);
        }
        return ImageSet.encoded(image, "png");
    }

    private Path data() throws IOException {
        ImageSet set = new ImageSet();
        for (String split : List.of("train", "val", "test")) {
            for (int of = 0; of < 3; of++) {
                for (int image = 0; image < 4; image++) {
                    set.file(split + "/" + split + of + "/" + image + ".png", pattern());
                }
            }
        }
        return set.tree(Files.createDirectories(temp.resolve("images")));
    }

    private FewShotSettings settings(Augmentation augmentation, boolean trainOnValidation) throws IOException {
        return new FewShotSettings(
                List.of(data().toString()),
                new SplitSettings.Named(""),
                WaySettings.of(3),
                FewShotSettings.ClassPool.SPLIT,
                false,
                trainOnValidation,
                augmentation,
                new ImageFormat(SIZE, 1, ImageFormat.Polarity.DARK),
                1 << 20,
                new EpisodeSizes(2, 2, 2, 2));
    }

    /** An image as it is, turned by quarter turns. */
    private double[] turned(int turns) throws IOException {
        return written((episodes, image, target) -> episodes.write(turned(image, turns), 1, target, 0));
    }

    private double[] distorted(Augmentation.Origin origin, int turns) throws IOException {
        return written((episodes, image, target) -> episodes.write(turned(image, turns), 1, origin, target, 0));
    }

    private static TurnedClass turned(ImageClass images, int turns) {
        return new TurnedClass(images.name(), images, turns);
    }

    private interface Writing {
        void write(Episodes episodes, ImageClass images, FlatVector target);
    }

    private double[] written(Writing writing) throws IOException {
        FewShotSettings settings = settings(Augmentation.NONE, false);
        ImageClass images =
                ImageSets.open(settings, HADOOP).index().filled().iterator().next();
        Episodes episodes = new Episodes(
                DecodedImages.decode(List.of(images), new Decoder(settings.imageFormat())), settings.imageFormat());
        FlatVector target = FlatVector.zeros(Precision.DOUBLE, SIZE * SIZE);
        writing.write(episodes, images, target);
        return target.toDoubles();
    }

    @Test
    void quarterTurnsMirrorsAndShiftsMoveWholePixels() throws IOException {
        double[] image = turned(0);
        assertThat(distorted(new Augmentation.Origin(1, 0, 0, 0, 1, 0), 0)).containsExactly(image);
        assertThat(distorted(new Augmentation.Origin(0, 1, 0, -1, 0, 0), 0)).containsExactly(turned(1));
        assertThat(distorted(new Augmentation.Origin(1, 0, 0, 0, 1, 0), 3)).containsExactly(turned(3));
        double[] mirrored = distorted(new Augmentation.Origin(1, 0, 0, 0, -1, 0), 0);
        double[] lower = distorted(new Augmentation.Origin(1, 0, -2, 0, 1, 0), 0);
        for (int i = 0; i < image.length; i++) {
            int row = i / SIZE;
            int column = i % SIZE;
            assertThat(mirrored[i]).isEqualTo(image[row * SIZE + SIZE - 1 - column]);
            // The rows above the image repeat its first one.
            assertThat(lower[i]).isEqualTo(image[Math.max(0, row - 2) * SIZE + column]);
        }
    }

    @Test
    void betweenPixelsTheImageIsInterpolated() throws IOException {
        double[] image = turned(0);
        double[] moved = distorted(new Augmentation.Origin(1, 0, 0.25, 0, 1, 0.5), 0);
        for (int i = 0; i < image.length; i++) {
            int row = i / SIZE;
            int column = i % SIZE;
            int next = Math.min(row + 1, SIZE - 1);
            int right = Math.min(column + 1, SIZE - 1);
            double expected = 0.75 * (image[row * SIZE + column] + image[row * SIZE + right]) / 2
                    + 0.25 * (image[next * SIZE + column] + image[next * SIZE + right]) / 2;
            assertThat(moved[i]).isCloseTo(expected, within(1e-12));
        }
    }

    /** Each limit by itself: the map back to the original is what the limit allows, and draws reach most of its range. */
    @Test
    void drawsStayWithinTheirLimits() {
        double widest = 0;
        double steepest = 0;
        for (int i = 0; i < 500; i++) {
            RandomStream stream = RandomStream.of(5, i);
            Augmentation.Origin turned = new Augmentation(30, 0, 0, 0).draw(stream, SIZE);
            double angle = Math.toDegrees(Math.atan2(turned.columnByRow(), turned.rowByRow()));
            assertThat(Math.abs(angle)).isLessThanOrEqualTo(30);
            assertThat(turned.rowByRow()).isCloseTo(turned.columnByColumn(), within(1e-15));
            assertThat(turned.rowByColumn()).isCloseTo(-turned.columnByRow(), within(1e-15));
            widest = Math.max(widest, Math.abs(angle));

            Augmentation.Origin shifted = new Augmentation(0, 0.25, 0, 0).draw(stream, SIZE);
            assertThat(shifted.row()).isBetween(-0.25 * SIZE, 0.25 * SIZE);
            assertThat(shifted.column()).isBetween(-0.25 * SIZE, 0.25 * SIZE);
            assertThat(shifted.row(1, 2)).isEqualTo(1 + shifted.row());

            Augmentation.Origin scaled = new Augmentation(0, 0, 0.5, 0).draw(stream, SIZE);
            assertThat(scaled.rowByRow()).isBetween(1 / 1.5, 2.0);
            assertThat(scaled.columnByColumn()).isBetween(1 / 1.5, 2.0).isNotEqualTo(scaled.rowByRow());

            Augmentation.Origin leaning = new Augmentation(0, 0, 0, 20).draw(stream, SIZE);
            double lean = Math.toDegrees(Math.atan(leaning.columnByRow()));
            assertThat(Math.abs(lean)).isLessThanOrEqualTo(20);
            assertThat(leaning.row(3, 4)).isEqualTo(3);
            steepest = Math.max(steepest, Math.abs(lean));
        }
        assertThat(widest).isGreaterThan(29);
        assertThat(steepest).isGreaterThan(19);
    }

    /** The image's centre goes where the shift says, whatever the rest; areas change by the scaling alone. */
    @Test
    void theMapBackUndoesScalingLeaningRotationAndShift() {
        Augmentation all = new Augmentation(180, 0.5, 0.5, 60);
        for (int i = 0; i < 100; i++) {
            Augmentation.Origin origin = all.draw(RandomStream.of(6, i), SIZE);
            RandomStream same = RandomStream.of(6, i);
            double angle = Math.toRadians(same.nextDouble(-180, 180));
            double lean = Math.tan(Math.toRadians(same.nextDouble(-60, 60)));
            double height = same.nextDouble(0.5, 1.5);
            double width = same.nextDouble(0.5, 1.5);
            double down = SIZE * same.nextDouble(-0.5, 0.5);
            double right = SIZE * same.nextDouble(-0.5, 0.5);
            double row = 1.25;
            double column = -2;
            double scaledRow = height * row;
            double leaningColumn = width * column + lean * scaledRow;
            double toRow = Math.cos(angle) * scaledRow + Math.sin(angle) * leaningColumn + down;
            double toColumn = -Math.sin(angle) * scaledRow + Math.cos(angle) * leaningColumn + right;
            assertThat(origin.row(toRow, toColumn)).isCloseTo(row, within(1e-12));
            assertThat(origin.column(toRow, toColumn)).isCloseTo(column, within(1e-12));
        }
    }

    @Test
    void imagesOfTrainingTasksAreDistortedAnewAndOthersAreNot() throws IOException {
        FewShotSource plain = FewShotSource.open(settings(Augmentation.NONE, false), HADOOP);
        FewShotSettings distorting = settings(new Augmentation(20, 0.1, 0.2, 10), false);
        FewShotSource distorted = FewShotSource.open(distorting, HADOOP);
        FewShotSource again = FewShotSource.open(FewShotSettings.fromMap(new TreeMap<>(distorting.toMap())), HADOOP);
        Set<List<Double>> images = new HashSet<>();
        for (int index = 0; index < 4; index++) {
            TaskSpec spec = plain.sample(new TaskKey(3, Split.TRAIN, 0, index));
            assertThat(distorted.sample(new TaskKey(3, Split.TRAIN, 0, index))).isEqualTo(spec);
            double[] episode = FewShots.episode(distorted, spec);
            assertThat(FewShots.episode(again, spec)).containsExactly(episode);
            double[] original = FewShots.episode(plain, spec);
            for (int set = 0; set < 2; set++) {
                int at = set * episode.length / 2;
                for (int image = 0; image < 6; image++) {
                    int from = at + image * SIZE * SIZE;
                    double[] pixels = Arrays.copyOfRange(episode, from, from + SIZE * SIZE);
                    assertThat(pixels).isNotEqualTo(Arrays.copyOfRange(original, from, from + SIZE * SIZE));
                    images.add(Arrays.stream(pixels).boxed().toList());
                }
                int labels = at + 6 * SIZE * SIZE;
                assertThat(Arrays.copyOfRange(episode, labels, labels + 6))
                        .containsExactly(Arrays.copyOfRange(original, labels, labels + 6));
            }
            TaskSpec held = plain.sample(new TaskKey(3, Split.TEST, 0, index));
            assertThat(FewShots.episode(distorted, held)).containsExactly(FewShots.episode(plain, held));
        }
        // 4 tasks of 12 images, which all show the same.
        assertThat(images).hasSize(48);
    }

    @Test
    void validationClassesMayBeTrainingClasses() throws IOException {
        FewShotSource source = FewShotSource.open(settings(Augmentation.NONE, true), HADOOP);
        assertThat(source.classes(Split.TRAIN))
                .containsExactly("train/train0", "train/train1", "train/train2", "val/val0", "val/val1", "val/val2");
        assertThat(source.classes(Split.TEST)).hasSize(3);
        assertThat(source.has(Split.TRAIN)).isTrue();
        assertThat(source.has(Split.VALIDATE)).isFalse();
        assertThat(source.dataHash())
                .isNotEqualTo(FewShotSource.open(settings(Augmentation.NONE, false), HADOOP)
                        .dataHash());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "181|0|0|0|augmentation.rotation is 181.0; it must be from 0 to 180 degrees",
                "0|1|0|0|augmentation.translation is 1.0; it must be at least 0 and below 1",
                "0|0|-0.1|0|augmentation.scaling is -0.1; it must be at least 0 and below 1",
                "0|0|0|90|augmentation.shear is 90.0; it must be at least 0 and below 90 degrees",
                "NaN|0|0|0|augmentation.rotation is NaN; it must be from 0 to 180 degrees"
            })
    void limitsOutOfRangeAreRefused(double rotation, double translation, double scaling, double shear, String message) {
        assertThatThrownBy(() -> new Augmentation(rotation, translation, scaling, shear))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
