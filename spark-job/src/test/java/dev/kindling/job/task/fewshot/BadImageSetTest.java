package dev.kindling.job.task.fewshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.CRC32;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every fault of data, splits and settings is reported by a message that names it and by the exception of its exit code. */
final class BadImageSetTest {
    @TempDir
    Path temp;

    private Path data = Path.of("");
    private Path split = Path.of("");

    @BeforeEach
    void goodSet() throws IOException {
        data = good().zip(temp.resolve("data.zip"));
        split = Files.createDirectories(temp.resolve("splits"));
        Files.writeString(split.resolve("train.txt"), "A/1\nA/2\nB/1\n");
        Files.writeString(split.resolve("test.txt"), "C/1\nC/2\n");
    }

    private static ImageSet good() {
        return new ImageSet()
                .images("top/A/1", 3)
                .images("top/A/2", 3)
                .images("top/B/1", 3)
                .images("top/C/1", 3)
                .images("top/C/2", 3);
    }

    private FewShotSource open(int ways, int support) {
        FewShotSettings settings = FewShots.settings(
                data.toString(), split.toString(), ways, false, 4, new EpisodeSizes(support, 1, support, 1));
        return FewShotSource.open(settings, new Configuration());
    }

    private void materialise() {
        FewShotSource source = open(2, 1);
        FlatVector vector = FlatVector.zeros(
                Precision.FLOAT, source.layout(Split.TRAIN).arrays().size());
        source.materialise(source.sample(new TaskKey(1, Split.TRAIN, 0, 0)), vector, 0);
    }

    private AbstractThrowableAssert<?, ?> badData(ThrowingCallable call, String... parts) {
        return assertThatThrownBy(call).isInstanceOf(BadDataException.class).hasMessageContainingAll(parts);
    }

    private AbstractThrowableAssert<?, ?> badSettings(ThrowingCallable call, String... parts) {
        return assertThatThrownBy(call)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(parts);
    }

    @Test
    void theSetWithoutFaultsIsRead() {
        materialise();
        assertThat(open(2, 2).layout(Split.TEST).support()).isEqualTo(4);
    }

    @Test
    void missingData() {
        data = temp.resolve("nowhere");
        badData(() -> open(2, 1), "few-shot.data", "nowhere", "does not exist");
    }

    @Test
    void anEmptyFolder() throws IOException {
        data = Files.createDirectories(temp.resolve("hollow"));
        badData(() -> open(2, 1), "few-shot.data", "hollow", "holds no folder of images");
    }

    @Test
    void aFileThatIsNotAZip() throws IOException {
        data = Files.writeString(temp.resolve("data.tar"), "no zip at all");
        badData(() -> open(2, 1), "few-shot.data", "data.tar", "is not a zip");
    }

    @Test
    void aTruncatedZip() throws IOException {
        byte[] whole = Files.readAllBytes(data);
        Files.write(data, Arrays.copyOf(whole, whole.length - 30));
        badData(() -> open(2, 1), "data.zip", "is not a zip");
    }

    @Test
    void aZipDamagedInTheMiddle() throws IOException {
        byte[] whole = Files.readAllBytes(data);
        // The first file's bytes follow its header of 30 bytes and its name; pixels start 40 bytes later.
        whole[30 + "top/A/1/01.png".length() + 40] ^= 0x55;
        Files.write(data, whole);
        badData(this::materialise, "data.zip", "top/A/1/01.png", "is damaged");
    }

    @Test
    void namesThatLeadOutsideAZip() throws IOException {
        for (String name : new String[] {"../evil/1.png", "/etc/1.png", "top/../../1.png", "top/..\\..\\1.png"}) {
            data = good().text(name, "x").zip(temp.resolve("evil.zip"));
            badData(() -> open(2, 1), "leads outside", name, "evil.zip");
        }
    }

    @Test
    void aFolderNamedLikeAnImageIsNotAnImage() throws IOException {
        data = good().file("top/A/1/x.png/", new byte[0]).zip(temp.resolve("b.zip"));
        assertThat(open(2, 1).classes(Split.TRAIN)).hasSize(3);
    }

    @Test
    void anEntryThatIsTooLarge() throws IOException {
        data = good().file("top/A/1/huge.png", new byte[ImageStore.LARGEST_FILE + 1])
                .zip(temp.resolve("huge.zip"));
        badData(this::materialise, "huge.png", "16777216");
        data = new ImageSet()
                .images("A/2", 3)
                .images("B/1", 3)
                .images("C/1", 3)
                .images("C/2", 3)
                .file("A/1/huge.png", new byte[ImageStore.LARGEST_FILE + 1])
                .images("A/1", 3)
                .tree(temp.resolve("huge"));
        badData(this::materialise, "huge.png", "16777216");
    }

    @Test
    void anEntryThatUnpacksToFarMoreThanAnImageWould() throws IOException {
        data = good().file("top/A/1/zeros.bmp", new byte[4 << 20]).zip(temp.resolve("zeros.zip"));
        badData(this::materialise, "zeros.bmp", "4194304", "a factor of 200");
    }

    @Test
    void anImageOfTooManyPixels() throws IOException {
        // A PNG's width and height are in its header, at 16 and 20; they are checked before anything is decoded.
        byte[] png = ImageSet.encoded(new BufferedImage(2, 2, BufferedImage.TYPE_BYTE_GRAY), "png");
        png[17] = 1;
        png[21] = 1;
        CRC32 crc = new CRC32();
        crc.update(png, 12, 17);
        ByteBuffer.wrap(png).putInt(29, (int) crc.getValue());
        data = good().file("top/A/1/bomb.png", png).zip(temp.resolve("bomb.zip"));
        badData(this::materialise, "bomb.png", "65538 x 65538", "16777216");
    }

    @Test
    void aFileThatIsNotAnImage() throws IOException {
        for (Map.Entry<String, String> each : Map.of("text.png", "this is text", "empty.jpg", "", "half.gif", "GIF89a")
                .entrySet()) {
            data = good().text("top/B/1/" + each.getKey(), each.getValue()).zip(temp.resolve("b.zip"));
            badData(this::materialise, "top/B/1/" + each.getKey(), "is not an image", "b.zip");
        }
    }

    @Test
    void aMissingSplitFolder() {
        split = temp.resolve("nosplits");
        badData(() -> open(2, 1), "few-shot.split", "nosplits", "does not exist");
    }

    @Test
    void aSplitFolderWithoutSplits() throws IOException {
        split = Files.createDirectories(temp.resolve("hollow"));
        badData(() -> open(2, 1), "few-shot.split", "hollow", "train.txt");
    }

    @Test
    void anEmptySplit() throws IOException {
        Files.writeString(split.resolve("train.txt"), "\n \n");
        badData(() -> open(2, 1), "train.txt is empty");
    }

    @Test
    void aSplitNamingAnUnknownClass() throws IOException {
        Files.writeString(split.resolve("train.txt"), "A/1\nA/9\n");
        badData(() -> open(2, 1), "train.txt", "A/9", "named as A/1");
        Files.writeString(split.resolve("train.txt"), "A/1\nA/2/rot045\n");
        badData(() -> open(2, 1), "train.txt", "A/2/rot045");
    }

    @Test
    void aClassWithoutImages() throws IOException {
        data = good().file("top/A/9/", new byte[0]).zip(temp.resolve("b.zip"));
        Files.writeString(split.resolve("train.txt"), "A/1\nA/9\n");
        badData(() -> open(2, 1), "train.txt", "A/9", "holds no images");
    }

    @Test
    void aClassNamedTwice() throws IOException {
        Files.writeString(split.resolve("train.txt"), "A/1\nA/2\nA/1\n");
        badData(() -> open(2, 1), "train.txt", "A/1 twice");
    }

    @Test
    void splitsThatShareAClass() throws IOException {
        Files.writeString(split.resolve("test.txt"), "C/1\nA/2\n");
        badSettings(() -> open(2, 1), "A/2", "train.txt", "test.txt");
    }

    @Test
    void splitsThatShareAClassInAnotherRotation() throws IOException {
        Files.writeString(split.resolve("train.txt"), "A/2/rot000\nB/1\n");
        Files.writeString(split.resolve("test.txt"), "C/1\nA/2/rot090\n");
        badSettings(() -> open(2, 1), "A/2", "train.txt", "test.txt");
    }

    @Test
    void moreWaysThanClasses() {
        FewShotSource source = open(3, 1);
        assertThat(source.layout(Split.TRAIN).classes()).isEqualTo(3);
        badSettings(() -> source.layout(Split.TEST), "few-shot.ways is 3", "at most 2", "test.txt");
    }

    @Test
    void fewerImagesThanSupportAndQueryInOneClassIsAnErrorInTheData() throws IOException {
        data = good().images("top/A/2", 8).images("top/B/1", 8).zip(temp.resolve("b.zip"));
        FewShotSource source = open(2, 3);
        badData(() -> source.layout(Split.TRAIN), "class A/1 has 3 images", "need 4");
    }

    @Test
    void fewerImagesThanSupportAndQueryInAllClassesIsAnErrorInTheSettings() {
        FewShotSource source = open(2, 3);
        badSettings(() -> source.layout(Split.TRAIN), "class A/1 has 3 images", "need 4");
        badSettings(() -> source.sample(new TaskKey(1, Split.TEST, 0, 0)), "class C/1", "need 4");
    }

    @Test
    void aClassInTwoZips() throws IOException {
        data = Files.createDirectories(temp.resolve("zips"));
        good().zip(data.resolve("one.zip"));
        new ImageSet().images("other/B/1", 3).zip(data.resolve("two.zip"));
        badData(() -> open(2, 1), "B/1", "one.zip", "two.zip");
    }

    @Test
    void noSplitAnywhere() {
        FewShotSettings settings = FewShots.settings(data.toString(), "", 2, false, 4, new EpisodeSizes(1, 1, 1, 1));
        badSettings(() -> FewShotSource.open(settings, new Configuration()), "few-shot.split is empty", "train.txt");
    }

    @Test
    void anUnknownFileSystem() {
        FewShotSettings settings =
                FewShots.settings("nosuch://host/data", "", 2, false, 4, new EpisodeSizes(1, 1, 1, 1));
        badSettings(() -> FewShotSource.open(settings, new Configuration()), "few-shot.data is nosuch://host/data");
    }
}
