package dev.kindling.job.task.fewshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.ResolvedPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class OnDemandImagesTest {
    private static final Configuration HADOOP = new Configuration();
    private static final ImageFormat FORMAT = new ImageFormat(6, 1, ImageFormat.Polarity.DARK);
    private static final int IMAGES = 40;

    @TempDir
    private Path temp;

    private static ImageSet set() {
        return new ImageSet().images("top/a", IMAGES).images("top/b", IMAGES);
    }

    private static List<ImageClass> classes(Path data) {
        return ImageIndex.open(ResolvedPath.of("few-shot.data", data.toString(), HADOOP))
                .filled();
    }

    private static byte[] pixels(Images images, ImageClass of, int number) {
        Images.Slice slice = images.of(of, number);
        byte[] pixels = new byte[FORMAT.samples()];
        System.arraycopy(slice.pixels(), slice.offset(), pixels, 0, pixels.length);
        return pixels;
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(1);
        }
    }

    /** A background thread that reads a first batch and then nothing. */
    private static OnDemandImages still(List<ImageClass> classes) throws InterruptedException {
        CountDownLatch paused = new CountDownLatch(1);
        OnDemandImages images = OnDemandImages.of(classes, new Decoder(FORMAT), nanos -> {
            paused.countDown();
            new Semaphore(0).acquire();
        });
        paused.await();
        return images;
    }

    @Test
    void imagesAreThoseThatDecodingTogetherGives() throws Exception {
        for (Path data : List.of(set().zip(temp.resolve("set.zip")), set().tree(temp.resolve("tree")))) {
            List<ImageClass> classes = classes(data);
            Images together = DecodedImages.decode(classes, new Decoder(FORMAT));
            OnDemandImages images = still(classes);
            for (ImageClass each : classes) {
                for (int number = IMAGES - 1; number >= 0; number--) {
                    assertThat(pixels(images, each, number)).isEqualTo(pixels(together, each, number));
                }
            }
            assertThat(images.bytes()).isEqualTo(together.bytes());
        }
    }

    @Test
    void onlyWhatIsReadIsDecodedAtFirstAndTheRestInTheBackground() throws Exception {
        List<ImageClass> classes = classes(set().zip(temp.resolve("set.zip")));
        Semaphore batches = new Semaphore(0);
        OnDemandImages images = OnDemandImages.of(classes, new Decoder(FORMAT), nanos -> batches.acquire());
        await(() -> images.bytes() == 16 * 36);
        images.of(classes.get(1), IMAGES - 1);
        images.of(classes.get(1), IMAGES - 1);
        assertThat(images.bytes()).isEqualTo(17 * 36);
        batches.release();
        await(() -> images.bytes() == 33 * 36);
        batches.release(100);
        await(() -> images.bytes() == 2 * IMAGES * 36);
    }

    @Test
    void aDamagedImageThatNoTaskReadsEndsTheRunToo() throws Exception {
        ImageSet damaged = set().text("top/b/" + IMAGES + "x.png", "no image");
        List<ImageClass> classes = classes(damaged.zip(temp.resolve("set.zip")));
        assertThat(pixels(still(classes), classes.get(0), 0))
                .as("other images are read")
                .isNotEmpty();
        OnDemandImages images = OnDemandImages.of(classes, new Decoder(FORMAT), nanos -> {});
        assertThatThrownBy(() -> await(() -> images.of(classes.get(0), 0).pixels().length == 0))
                .isInstanceOf(BadDataException.class)
                .hasMessageContainingAll("top/b/40x.png", "set.zip", "is not an image");
    }

    @Test
    void aDamagedImageIsReportedWhereItIsRead() throws Exception {
        List<ImageClass> classes =
                classes(set().text("top/b/99.png", "no image").zip(temp.resolve("set.zip")));
        OnDemandImages images = still(classes);
        assertThatThrownBy(() -> images.of(classes.get(1), IMAGES))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("top/b/99.png");
        assertThat(pixels(images, classes.get(1), 0)).isNotEmpty();
    }

    @Test
    void largeLocalSetsAreReadOnDemandAndSmallOnesTogether() throws IOException {
        ImageSet large = new ImageSet();
        for (int each = 0; each < 8; each++) {
            large.images("top/" + each, OnDemandImages.LEAST / 8);
        }
        Path zip = large.zip(temp.resolve("large.zip"));
        Decoder decoder = new Decoder(FORMAT);
        long ample = 1 << 24;
        assertThat(Images.of(classes(zip), decoder, ample)).isInstanceOf(OnDemandImages.class);
        assertThat(Images.of(classes(zip).subList(0, 7), decoder, ample)).isInstanceOf(DecodedImages.class);
        assertThat(Images.of(classes(zip), decoder, 1 << 10)).isInstanceOf(CachedImages.class);
        Path pack = temp.resolve("large.npz");
        FewShotSettings settings = FewShots.settings(zip.toString(), "", 2, false, 6, new EpisodeSizes(1, 1, 1, 1));
        PackWriter.write(settings, pack.toString(), HADOOP);
        assertThat(Images.of(classes(pack), decoder, ample)).isInstanceOf(DecodedImages.class);
    }

    @Test
    void sourcesOfOneJvmShareAZip() throws Exception {
        Path data = set().zip(temp.resolve("set.zip"));
        Files.setLastModifiedTime(data, FileTime.from(Instant.now().minusSeconds(60)));
        List<HadoopZip> zips = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            zips.add(((ImageZipStore) classes(data).get(0).store()).zipFile());
        }
        assertThat(zips.get(1)).isSameAs(zips.get(0));
        assertThat(zips.get(1).open()).isSameAs(zips.get(0).open());
        Files.setLastModifiedTime(data, FileTime.from(Instant.now().minusSeconds(30)));
        HadoopZip changed = ((ImageZipStore) classes(data).get(0).store()).zipFile();
        assertThat(changed).isNotSameAs(zips.get(0));
        Files.setLastModifiedTime(data, FileTime.from(Instant.now()));
        HadoopZip young = ((ImageZipStore) classes(data).get(0).store()).zipFile();
        assertThat(((ImageZipStore) classes(data).get(0).store()).zipFile())
                .as("a file that may change within the clock's resolution")
                .isNotSameAs(young);
    }
}
