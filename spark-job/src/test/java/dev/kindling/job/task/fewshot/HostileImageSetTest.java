package dev.kindling.job.task.fewshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.ResolvedPath;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Image files and image sets crafted to take much time or memory are refused by name or read within limits. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class HostileImageSetTest {
    @TempDir
    Path temp;

    static Stream<Arguments> images() {
        byte[] progressive = progressive(new BufferedImage(512, 512, BufferedImage.TYPE_INT_RGB));
        byte[] comment = join(new byte[] {0x21, (byte) 0xfe}, repeated(new byte[] {1, 'x'}, 400_000), new byte[1]);
        byte[] bmp = ImageSet.encoded(new BufferedImage(16, 8, BufferedImage.TYPE_3BYTE_BGR), "bmp");
        bmp[30] = 4;
        return Stream.of(
                Arguments.of("a JPEG of 4,000 scans", withScans(progressive, 4000), "4010 scans of 512 x 512"),
                Arguments.of("a GIF of comments", gif(16, comment, surplus(1)), "400000 blocks of comments"),
                Arguments.of(
                        "a GIF of more rows than it has",
                        gif(16, new byte[0], surplus(4_000_000)),
                        "has more pixels than its header says"),
                Arguments.of("a JPEG in a BMP", join(bmp, progressive), "with another image file in it"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("images")
    void imagesThatAreExpensiveToDecodeAreRefused(String what, byte[] image, String message) {
        assertThatThrownBy(() -> Bitmap.decode("the.file", image, 1))
                .as(what)
                .isInstanceOf(BadDataException.class)
                .hasMessageContainingAll("the.file", message);
    }

    static Stream<Arguments> ordinaryImages() {
        byte[] texts = join("key\0\0".getBytes(StandardCharsets.ISO_8859_1), zeros(256));
        byte[] translated = join("key\0\1\0\0\0".getBytes(StandardCharsets.ISO_8859_1), zeros(256));
        return Stream.of(BufferedImage.TYPE_BYTE_INDEXED, BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_INT_RGB)
                .flatMap(type -> {
                    byte[] png = ImageSet.encoded(new BufferedImage(16, 8, type), "png");
                    return Stream.of(
                            Arguments.of("zTXt", withChunk(png, "zTXt", texts)),
                            Arguments.of("iTXt", withChunk(png, "iTXt", translated)),
                            Arguments.of("iCCP", withChunk(png, "iCCP", texts)));
                });
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ordinaryImages")
    void compressedTextChunksAreNotDecompressed(String chunk, byte[] png) {
        assertThat(Bitmap.decode("the.png", png, 1).width()).as(chunk).isEqualTo(16);
    }

    @Test
    void ordinaryProgressiveJpegsAndGifsAreRead() {
        BufferedImage image = new BufferedImage(512, 512, BufferedImage.TYPE_INT_RGB);
        assertThat(Bitmap.decode("a.jpg", progressive(image), 3).width()).isEqualTo(512);
        assertThat(Bitmap.decode("a.jpg", withScans(progressive(image), 90), 3).width())
                .isEqualTo(512);
        byte[] comment = join(new byte[] {0x21, (byte) 0xfe}, repeated(new byte[] {1, 'x'}, 4000), new byte[1]);
        assertThat(Bitmap.decode("a.gif", gif(16, comment, surplus(20)), 1).height())
                .isEqualTo(16);
    }

    @Test
    void foldersOfAZipMayNotBeNestedTenThousandDeep() throws IOException {
        Path zip = new ImageSet()
                .images("a/b", 1)
                .text("x/".repeat(10_000) + "1.png", "x")
                .zip(temp.resolve("deep.zip"));
        refused(zip, "is nested 10000 folders deep; at most 64 are allowed");
    }

    @Test
    void foldersOfATreeMayNotBeNestedTooDeeplyOrContainThemselves() throws IOException {
        Path tree = new ImageSet().images("a/b", 1).tree(temp.resolve("tree"));
        Files.createDirectories(tree.resolve("x/".repeat(70)));
        refused(tree, "is nested 65 folders deep; at most 64 are allowed");
        Path links = new ImageSet().images("a/b", 1).tree(temp.resolve("links"));
        Files.createSymbolicLink(links.resolve("a/again"), links);
        Files.createSymbolicLink(links.resolve("a/more"), links);
        refused(links, "again is a link to a folder that contains it");
    }

    @Test
    void pipesAreNotRead() throws IOException, InterruptedException {
        Path tree = new ImageSet().images("a/b", 1).tree(temp.resolve("tree"));
        pipe(tree.resolve("a/b/pipe.png"));
        refused(tree, "pipe.png is a pipe, a socket or a device; only regular files are read");
        Path zips = Files.createDirectories(temp.resolve("zips"));
        pipe(zips.resolve("pipe.zip"));
        refused(zips, "pipe.zip is a pipe");
        refused(zips.resolve("pipe.zip"), "pipe.zip is a pipe");
        Path splits = Files.createDirectories(temp.resolve("splits"));
        pipe(splits.resolve("train.txt"));
        refusedSplit(splits, "train.txt is a pipe");
    }

    @Test
    void splitsAreShortTextInUtf8() throws IOException {
        Path splits = Files.createDirectories(temp.resolve("splits"));
        Files.write(splits.resolve("train.txt"), new byte[] {'a', (byte) 0xfc, '\n'});
        refusedSplit(splits, "train.txt is not text in UTF-8");
        Files.write(splits.resolve("train.txt"), new byte[ImageStore.LARGEST_FILE + 1]);
        refusedSplit(splits, "train.txt is longer than the 16777216 bytes");
    }

    /** A zip's directory may refer to the same bytes many times. */
    @Test
    void entriesOfAZipThatShareTheirBytesAreRefused() throws IOException {
        byte[] noise = new byte[20_000];
        for (int i = 0; i < noise.length; i++) {
            noise[i] = (byte) ((i * i) >> 3);
        }
        byte[] zip = Files.readAllBytes(new ImageSet().file("a/b/1.png", noise).zip(temp.resolve("one.zip")));
        int directory = indexOf(zip, new byte[] {'P', 'K', 1, 2});
        int end = indexOf(zip, new byte[] {'P', 'K', 5, 6});
        byte[] entry = Arrays.copyOfRange(zip, directory, end);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(zip, 0, directory);
        for (int i = 1; i <= 9; i++) {
            byte[] another = entry.clone();
            another[indexOf(another, "1.png".getBytes(StandardCharsets.US_ASCII))] = (byte) ('0' + i);
            out.writeBytes(another);
        }
        ByteBuffer last =
                ByteBuffer.wrap(Arrays.copyOfRange(zip, end, zip.length)).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        last.putShort(8, (short) 9).putShort(10, (short) 9).putInt(12, 9 * entry.length);
        out.writeBytes(last.array());
        refused(Files.write(temp.resolve("shared.zip"), out.toByteArray()), "the entries of", "bytes together");
    }

    private static void refused(Path data, String... message) {
        assertThatThrownBy(
                        () -> ImageIndex.open(ResolvedPath.of("few-shot.data", data.toString(), new Configuration())))
                .isInstanceOf(BadDataException.class)
                .hasMessageContainingAll(message);
    }

    private static void refusedSplit(Path splits, String message) {
        assertThatThrownBy(() ->
                        SplitFiles.read(ResolvedPath.of("few-shot.split", splits.toString(), new Configuration())))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining(message);
    }

    private static void pipe(Path path) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("mkfifo", path.toString()).start().waitFor())
                .isZero();
    }

    private static int indexOf(byte[] bytes, byte[] part) {
        for (int i = 0; i + part.length <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
                return i;
            }
        }
        throw new AssertionError("not found");
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List.of(parts).forEach(out::writeBytes);
        return out.toByteArray();
    }

    private static byte[] repeated(byte[] part, int times) {
        byte[] all = new byte[part.length * times];
        for (int i = 0; i < all.length; i++) {
            all[i] = part[i % part.length];
        }
        return all;
    }

    private static byte[] progressive(BufferedImage image) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam progressive = writer.getDefaultWriteParam();
        progressive.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(image, null, null), progressive);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    /** A JPEG with its last scan repeated. */
    private static byte[] withScans(byte[] jpeg, int more) {
        int last = 0;
        for (int i = 0; i + 1 < jpeg.length; i++) {
            last = jpeg[i] == (byte) 0xff && jpeg[i + 1] == (byte) 0xda ? i : last;
        }
        byte[] scan = Arrays.copyOfRange(jpeg, last, jpeg.length - 2);
        return join(Arrays.copyOf(jpeg, jpeg.length - 2), repeated(scan, more), new byte[] {(byte) 0xff, (byte) 0xd9});
    }

    private static byte[] withChunk(byte[] png, String type, byte[] content) {
        ByteBuffer chunk = ByteBuffer.allocate(content.length + 12);
        chunk.putInt(content.length)
                .put(type.getBytes(StandardCharsets.US_ASCII))
                .put(content);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, content.length + 4);
        chunk.putInt((int) crc.getValue());
        int behindHeader = 33;
        return join(Arrays.copyOf(png, behindHeader), chunk.array(), Arrays.copyOfRange(png, behindHeader, png.length));
    }

    /** Mebibytes of zeros, deflated. */
    private static byte[] zeros(int mebibytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream deflated = new DeflaterOutputStream(out)) {
            byte[] one = new byte[1 << 20];
            for (int i = 0; i < mebibytes; i++) {
                deflated.write(one);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static byte[] gif(int side, byte[] extensions, byte[] codes) {
        byte low = (byte) side;
        ByteArrayOutputStream blocks = new ByteArrayOutputStream();
        for (int i = 0; i < codes.length; i += 255) {
            int length = Math.min(255, codes.length - i);
            blocks.write(length);
            blocks.write(codes, i, length);
        }
        return join(
                "GIF89a".getBytes(StandardCharsets.US_ASCII),
                new byte[] {low, 0, low, 0, (byte) 0x80, 0, 0, 0, 0, 0, -1, -1, -1},
                extensions,
                new byte[] {0x2c, 0, 0, 0, 0, low, 0, low, 0, 0, 8},
                blocks.toByteArray(),
                new byte[] {0, 0x3b});
    }

    /** LZW codes of 8-bit samples, each of which encodes one sample more than the one before, up to thousands. */
    private static byte[] surplus(int codes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int clear = 256;
        long pending = clear;
        int bits = 18;
        int next = clear + 2;
        for (int i = 0; i < codes; i++) {
            int width = next < 512 ? 9 : next < 1024 ? 10 : next < 2048 ? 11 : 12;
            pending |= (long) Math.min(next, 4095) << bits;
            bits += width;
            next = Math.min(next + 1, 4096);
            while (bits >= 8) {
                out.write((int) pending);
                pending >>= 8;
                bits -= 8;
            }
        }
        out.write((int) pending);
        return out.toByteArray();
    }
}
