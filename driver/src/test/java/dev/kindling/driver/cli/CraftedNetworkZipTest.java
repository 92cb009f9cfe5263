package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.random.RandomStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests crafted zips of {@code model.network}: their entries, their directory, and their weights. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CraftedNetworkZipTest extends CraftedNetworkFiles {
    /** Weights and biases of 1-6-1, and four parameters of batch norm for each of six units. */
    private static final int COUNT = 6 + 6 + 24 + 6 + 1;

    /** The number of bytes before the first number of a vector. */
    private static final int HEADER = 125;

    private static final int FLOAT_OPTION = 1 << 13;

    /** The fields of a row vector in ND4J's format, of which each test case changes one. */
    private static final class Vector {
        private String shapeMode = "MIXED_DATA_TYPES";
        private String shapeType = "LONG";
        private long[] shape = {1, COUNT, 1, FLOAT_OPTION, 1, 'c'};
        private long shapeLength = Long.MIN_VALUE;
        private String mode = "MIXED_DATA_TYPES";
        private String type = "FLOAT";
        private long length = COUNT;
        private float[] numbers = VALID.params().toFloatVector();
        private byte[] trailing = {};

        byte[] bytes() {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (DataOutputStream out = new DataOutputStream(bytes)) {
                out.writeUTF(shapeMode);
                out.writeLong(shapeLength == Long.MIN_VALUE ? shape.length : shapeLength);
                out.writeUTF(shapeType);
                for (long word : shape) {
                    out.writeLong(word);
                }
                out.writeUTF(mode);
                out.writeLong(length);
                out.writeUTF(type);
                for (float number : numbers) {
                    if (type.equals("DOUBLE")) {
                        out.writeDouble(number);
                    } else {
                        out.writeFloat(number);
                    }
                }
                out.write(trailing);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return bytes.toByteArray();
        }
    }

    static List<Crafted> vectors() {
        List<Crafted> crafted = new ArrayList<>();
        for (String mode : List.of("JAVACPP", "HEAP", "DIRECT", "", "MIXED_DATA_TYPES ", "\u001b[31m\n")) {
            crafted.add(vector("shape of mode " + mode, v -> v.shapeMode = mode, "has the allocation mode"));
            crafted.add(vector("numbers of mode " + mode, v -> v.mode = mode, "has the allocation mode"));
        }
        for (String type : List.of("HALF", "BFLOAT16", "INT", "LONG", "BOOL", "UTF8", "COMPRESSED", "UNKNOWN", "?")) {
            crafted.add(vector("numbers of type " + type, v -> v.type = type, "they must be FLOAT or DOUBLE"));
            if (!type.equals("LONG")) {
                crafted.add(vector("shape of type " + type, v -> v.shapeType = type, "it must be that of a vector"));
            }
        }
        for (long length : List.of(-1L, 0L, 1L, 4L, 5L, 7L, 10L, 1L << 31, 1L << 32, Long.MAX_VALUE)) {
            crafted.add(vector("a shape of " + length, v -> v.shapeLength = length, "it must be that of a vector"));
        }
        for (long length : List.of(-1L, 0L, 1L, COUNT - 1L, COUNT + 1L, 1L << 31, (1L << 32) + COUNT, Long.MAX_VALUE)) {
            crafted.add(vector(
                    length + " numbers",
                    v -> v.length = length,
                    "it holds " + length + " weights; its configuration needs " + COUNT));
        }
        for (long rank : List.of(-1L, 0L, 2L, 3L, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE)) {
            crafted.add(vector("rank " + rank, v -> v.shape[0] = rank, "and rank " + rank));
        }
        for (int word = 1; word < 6; word++) {
            for (long value : List.of(-1L, 0L, 2L, COUNT - 1L, 1L << 12, 1L << 31, Long.MIN_VALUE)) {
                if (!(word == 3 && value == 0)) {
                    int place = word;
                    crafted.add(vector(
                            "word " + word + " of the shape " + value,
                            v -> v.shape[place] = value,
                            "it must be that of a dense row of " + COUNT + " numbers of type FLOAT"));
                }
            }
        }
        crafted.add(vector("the option of the other type", v -> v.type = "DOUBLE", "numbers of type DOUBLE"));
        crafted.add(vector(
                "a column",
                v -> v.shape = new long[] {2, COUNT, 1, 1, 1, 0, 1, 'c'},
                "it must be that of a dense row"));
        for (float number : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            crafted.add(vector("a weight " + number, v -> v.numbers[3] = number, "holds " + number));
        }
        crafted.add(vector("a number missing", v -> v.numbers = Arrays.copyOf(v.numbers, COUNT - 1), "ends too early"));
        crafted.add(vector("a trailing byte", v -> v.trailing = new byte[1], "has more bytes than belong to it"));
        crafted.add(vector("many trailing bytes", v -> v.trailing = new byte[1 << 17], "has more than the"));
        crafted.add(valid("two dimensions", v -> v.shape = new long[] {2, 1, COUNT, COUNT, 1, FLOAT_OPTION, 1, 'c'}));
        crafted.add(valid("as 1.0.0-beta3 wrote it", v -> {
            v.shapeMode = "LONG_SHAPE";
            v.mode = "LONG_SHAPE";
            v.shape = new long[] {2, 1, COUNT, 1, 1, 0, 1, 'f'};
        }));
        return crafted;
    }

    static List<Crafted> zips() throws IOException {
        byte[] vector = new Vector().bytes();
        byte[] json = VALID_JSON.getBytes(StandardCharsets.UTF_8);
        byte[] whole = zip(json, vector);
        int directory = directory(whole);
        int end = endOfDirectory(whole);
        List<Crafted> crafted = new ArrayList<>();
        crafted.add(new Crafted("nothing but a beginning", "PK".getBytes(StandardCharsets.UTF_8), 3, "cut off"));
        crafted.add(new Crafted("an empty zip", zip(List.of(), List.of()), 3, "without configuration.json"));
        crafted.add(new Crafted(
                "no weights", zip(List.of(CONFIGURATION), List.of(json)), 3, "a zip without coefficients.bin"));
        crafted.add(new Crafted(
                "two configurations", twice(CONFIGURATION, json, vector), 3, "it has configuration.json twice"));
        crafted.add(new Crafted("two weights", twice(COEFFICIENTS, json, vector), 3, "it has coefficients.bin twice"));
        crafted.add(new Crafted("many entries", many(json, vector), 3, "it has 1001 entries in a directory"));
        crafted.add(new Crafted(
                "a long directory",
                zip(List.of("x".repeat(60_000)), List.of(json), 20),
                3,
                "bytes; there may be 1000 in 1048576"));
        crafted.add(new Crafted(
                "trailing bytes", Arrays.copyOf(whole, whole.length + 1), 3, "from its first byte to its last"));
        crafted.add(changed("ZIP64", whole, b -> b.putInt(end - 20, 0x07064b50), 3, "no plain zip"));
        crafted.add(changed("a directory elsewhere", whole, b -> b.putInt(end + 16, 0), 3, "no plain zip"));
        crafted.add(changed("a directory of 4 GB", whole, b -> b.putInt(end + 12, -1), 3, "no plain zip"));
        crafted.add(changed(
                "fewer entries than promised",
                whole,
                b -> b.putInt(end + 8, 0x00030003),
                3,
                "has 2 entries and should have 3"));
        crafted.add(changed("encrypted", whole, b -> b.putShort(directory + 8, (short) 1), 3, "encrypted or packed"));
        crafted.add(changed("bzip2", whole, b -> b.putShort(directory + 10, (short) 12), 3, "packed by method 12"));
        crafted.add(changed("another checksum", whole, b -> b.putInt(directory + 16, 7), 3, "checksum"));
        crafted.add(
                changed("a size of 4 GB", whole, b -> b.putInt(directory + 24, -2), 3, "has more than the 16777216"));
        crafted.add(changed("a shorter size", whole, b -> b.putInt(directory + 24, 10), 0, ""));
        crafted.add(changed("an entry elsewhere", whole, b -> b.putInt(directory + 42, 1 << 30), 3, "cannot be read"));
        crafted.add(new Crafted(
                "a configuration that unpacks to 17 MB",
                zip((VALID_JSON + " ".repeat(17 << 20)).getBytes(StandardCharsets.UTF_8), vector),
                3,
                "whose configuration.json has more than the 16777216 bytes"));
        crafted.add(new Crafted(
                "weights that unpack to 64 MB",
                zip(json, new byte[64 << 20]),
                3,
                "whose coefficients.bin has more than the"));
        crafted.add(new Crafted(
                "strange names",
                zip(
                        List.of(
                                "/etc/passwd",
                                "../".repeat(20) + "x",
                                "a/".repeat(10_000),
                                CONFIGURATION,
                                COEFFICIENTS),
                        List.of(json, json, new byte[0], json, vector)),
                0,
                ""));
        return crafted;
    }

    @ParameterizedTest
    @MethodSource({"vectors", "zips"})
    void isRefusedWithTheMessageOfItsFaultOrIsReproducible(Crafted crafted) throws IOException {
        requireExpectedResult(crafted);
    }

    @Test
    void weightsTruncatedAnywhereAreRefused() throws IOException {
        byte[] json = VALID_JSON.getBytes(StandardCharsets.UTF_8);
        byte[] vector = new Vector().bytes();
        for (int length = 0; length < vector.length; length += length < HEADER ? 1 : 11) {
            ReadResult read = read("cut", zip(json, Arrays.copyOf(vector, length)));
            assertThat(read.code()).as("%s bytes", length).isEqualTo(3);
            assertThat(read.message()).contains("coefficients.bin ends too early");
        }
    }

    @Test
    void aZipTruncatedAnywhereIsRefused() throws IOException {
        byte[] whole = saved();
        for (int length = 0; length < whole.length; length += length < 32 || length > whole.length - 32 ? 1 : 17) {
            ReadResult read = read("cut", Arrays.copyOf(whole, length));
            assertThat(read.code()).as("%s bytes: %s", length, read.message()).isIn(2, 3);
            assertThat(read.message()).startsWith("model.network is ").doesNotContain("\n");
        }
    }

    @Test
    void aZipWithAFlippedBitIsRefusedOrReproducible() throws IOException {
        byte[] whole = saved();
        RandomStream random = RandomStream.of(7);
        for (int i = 0; i < 200; i++) {
            byte[] flipped = whole.clone();
            flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
            requireRefusedOrReproducible("flip " + i, flipped);
        }
    }

    @Test
    void flippedBitsWithValidChecksumsAreRefusedOrReproducible() throws IOException {
        RandomStream random = RandomStream.of(8);
        byte[] vector = new Vector().bytes();
        for (int i = 0; i < 150; i++) {
            byte[] json = VALID_JSON.getBytes(StandardCharsets.UTF_8);
            byte[] flipped = vector.clone();
            flipped[random.nextInt(i % 2 == 0 ? HEADER : vector.length)] ^= (byte) (1 << random.nextInt(8));
            requireRefusedOrReproducible("vector " + i, zip(json, flipped));
            json[random.nextInt(json.length)] ^= (byte) (1 << random.nextInt(8));
            requireRefusedOrReproducible("configuration " + i, zip(json, vector));
        }
    }

    @Test
    void aFileLargerThanMemoryIsRefusedUnread() throws IOException {
        Path file = temporary.resolve("large.zip");
        try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
            large.setLength(
                    Math.min(Integer.MAX_VALUE - 8L, Runtime.getRuntime().maxMemory() / 2 + 1));
        }
        CommandLineForTests.Outcome refused = train(file, "first");
        assertThat(refused.code()).isEqualTo(3);
        assertThat(refused.err()).startsWith(file + " has ").contains("with the memory that this JVM may use");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aDeviceIsRefused() {
        CommandLineForTests.Outcome refused = train(Path.of("/dev/zero"), "first");
        assertThat(refused.code()).isEqualTo(3);
        assertThat(refused.err()).contains("/dev/zero is a pipe, a socket or a device");
    }

    /** A zip that Deeplearning4j wrote, with the state of an updater. */
    private static byte[] saved() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ModelSerializer.writeModel(VALID, bytes, true);
        return bytes.toByteArray();
    }

    private static Crafted vector(String name, Consumer<Vector> change, String message) {
        return new Crafted(name, zip(change), 3, message);
    }

    private static Crafted valid(String name, Consumer<Vector> change) {
        return new Crafted(name, zip(change), 0, "");
    }

    private static Crafted changed(String name, byte[] zip, Consumer<ByteBuffer> change, int code, String message) {
        byte[] changed = zip.clone();
        change.accept(ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN));
        return new Crafted(name, changed, code, message);
    }

    private static byte[] zip(Consumer<Vector> change) {
        Vector vector = new Vector();
        change.accept(vector);
        try {
            return zip(VALID_JSON.getBytes(StandardCharsets.UTF_8), vector.bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A zip with the first entry several times, under different names. */
    private static byte[] zip(List<String> names, List<byte[]> contents, int times) throws IOException {
        return zip(
                IntStream.range(0, times).mapToObj(i -> names.get(0) + i).toList(),
                IntStream.range(0, times).mapToObj(i -> contents.get(0)).toList());
    }

    private static byte[] many(byte[] json, byte[] vector) throws IOException {
        List<String> names = new ArrayList<>(List.of(CONFIGURATION, COEFFICIENTS));
        List<byte[]> contents = new ArrayList<>(List.of(json, vector));
        for (int i = 0; i < 999; i++) {
            names.add("x" + i);
            contents.add(new byte[0]);
        }
        return zip(names, contents);
    }

    private static byte[] twice(String name, byte[] json, byte[] vector) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(bytes)) {
            for (String each : List.of(CONFIGURATION, COEFFICIENTS, name)) {
                zip.putArchiveEntry(new ZipArchiveEntry(each));
                zip.write(each.equals(CONFIGURATION) ? json : vector);
                zip.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }

    private static int endOfDirectory(byte[] zip) {
        return zip.length - 22;
    }

    private static int directory(byte[] zip) {
        return ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN).getInt(endOfDirectory(zip) + 16);
    }
}
