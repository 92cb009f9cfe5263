package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.NetworkFile;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.jar.JarFile;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * Tests {@code model.network} with files that Deeplearning4j would not write: each is refused with a single-line
 * message that names the file, with exit code 2 for its configuration or 3 for its bytes, or it trains with bitwise
 * identical results in a repeated run.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CraftedNetworkFilesTest {
    private static final String CONFIGURATION = "configuration.json";
    private static final String COEFFICIENTS = "coefficients.bin";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final MultiLayerNetwork VALID = NetworkFileRunTest.network(Activation.TANH);
    private static final String VALID_JSON = VALID.getLayerWiseConfigurations().toJson();
    /** Weights and biases of 1-6-1 and four numbers for each of six units. */
    private static final int COUNT = 6 + 6 + 24 + 6 + 1;

    /** How many bytes stand in front of the first number. */
    private static final int HEADER = 125;

    private static final int FLOAT_OPTION = 1 << 13;

    private static final EpisodeLayout CURVES = new EpisodeLayout(Shape.of(1), 0, 1, 4, 4);

    /** Whether somebody has initialised a class that only a file named. */
    private static final AtomicBoolean INITIALISED = new AtomicBoolean();

    @TempDir
    private Path temporary;

    /** A class that no file may have initialised. */
    static final class Canary {
        static {
            INITIALISED.set(true);
        }

        private Canary() {}
    }

    /** A file, how it must end, and a part of what must be said. */
    private record Crafted(String what, byte[] content, int code, String sentence) {
        @Override
        public String toString() {
            return what;
        }
    }

    /** How a file ended, without its command. */
    private record End(int code, String sentence, double[] theta) {}

    /** The parts of what ND4J writes for a row vector, to be changed one at a time. */
    private static final class Vector {
        private String shapeMode = "MIXED_DATA_TYPES";
        private String shapeType = "LONG";
        private long[] shape = {1, COUNT, 1, FLOAT_OPTION, 1, 'c'};
        private long shapeLength = Long.MIN_VALUE;
        private String mode = "MIXED_DATA_TYPES";
        private String type = "FLOAT";
        private long length = COUNT;
        private float[] numbers = VALID.params().toFloatVector();
        private byte[] behind = {};

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
                out.write(behind);
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
        crafted.add(vector("a byte behind", v -> v.behind = new byte[1], "has more bytes than belong to it"));
        crafted.add(vector("much behind", v -> v.behind = new byte[1 << 17], "has more than the"));
        crafted.add(good("two dimensions", v -> v.shape = new long[] {2, 1, COUNT, COUNT, 1, FLOAT_OPTION, 1, 'c'}));
        crafted.add(good("as 1.0.0-beta3 wrote it", v -> {
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
        int end = end(whole);
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
                "bytes behind", Arrays.copyOf(whole, whole.length + 1), 3, "from its first byte to its last"));
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

    static List<Crafted> configurations() throws IOException {
        List<Crafted> crafted = new ArrayList<>();
        crafted.add(json("100,000 lists", "[".repeat(100_000), "nested more than 64 levels"));
        crafted.add(json("100,000 objects", "{\"confs\":".repeat(100_000), "nested more than 64 levels"));
        crafted.add(json(
                "depth below a key nobody reads",
                with("/", "x", JSON.readTree("[".repeat(70) + "]".repeat(70))),
                "nested more than 64 levels"));
        crafted.add(json("a long text", with("/", "x", JSON.valueToTree("x".repeat(1 << 17))), "a text of more than"));
        crafted.add(
                json("a long number", VALID_JSON.replace("0.001", "1" + "0".repeat(2_000)), "a number of more than"));
        crafted.add(json("two documents", VALID_JSON + "{}", "neither a zip nor JSON"));
        crafted.add(json("half a document", VALID_JSON.substring(0, 999), "neither a zip nor JSON"));
        crafted.add(json("nothing", "", "no network of Deeplearning4j"));
        crafted.add(json("null", "null", "no network of Deeplearning4j"));
        crafted.add(json("no layers", "{\"confs\": []}", "at least one layer"));
        crafted.add(json("an empty layer", "{\"confs\": [null]}", "is of no class that the file names"));
        crafted.add(new Crafted(
                "no text", new byte[] {'{', (byte) 0xC3, (byte) 0x28, '}'}, 2, "no text in UTF-8; JSON must be"));
        crafted.add(json("17 MB", VALID_JSON + " ".repeat(17 << 20), "characters; it may have 16777216"));
        crafted.add(json("1,001 layers", layers(1_001), "which has 1001 layers; there may be 1000"));

        String updater = "/confs/0/layer/iupdater";
        String canary = Canary.class.getName();
        crafted.add(json("a class of ours", with(updater, "@class", canary), "names the class " + canary));
        for (String type : List.of(
                "org.nd4j.linalg.learning.config.Sgd<" + canary + ">",
                "org.nd4j.linalg.learning.config.Sgd." + canary,
                "java.util.HashMap<org.nd4j.linalg.learning.config.Sgd," + canary + ">",
                "[L" + canary + ";",
                "org.nd4j.linalg.factory.Nd4j",
                "org.deeplearning4j.nn.multilayer.MultiLayerNetwork",
                "org.nd4j.linalg.learning.config.Sgd\n\u001b[2J",
                "")) {
            crafted.add(json("the class " + type, with(updater, "@class", type), "which names the class "));
        }
        crafted.add(json(
                "a class that is none of updaters",
                with(updater, "@class", "org.nd4j.linalg.schedule.StepSchedule"),
                "which Deeplearning4j cannot read"));
        crafted.add(json(
                "a class that does not exist",
                with(updater, "@class", "org.nd4j.linalg.schedule.Nonsense"),
                "which Deeplearning4j cannot read"));
        ObjectNode array = JSON.createObjectNode().put("dataType", "DOUBLE");
        array.putArray("shape").add(1 << 30);
        array.putArray("data").add(1);
        crafted.add(json(
                "an array in the loss", with("/confs/2/layer/lossFn", "weights", array), "whose loss has weights"));

        for (long width : List.of(-1L, 0L, 1L << 31, Long.MAX_VALUE, Long.MIN_VALUE)) {
            crafted.add(json("nOut " + width, with("/confs/0/layer", "nout", width), "has nOut " + width));
        }
        crafted.add(json("nOut 2^31-1", dense(Integer.MAX_VALUE), "has more than 2147483647 elements"));
        crafted.add(json("nOut 10^9", dense(1_000_000_000), "has more than 2147483647 elements"));
        crafted.add(json("nOut 3*10^8", dense(300_000_000), "parameters need more memory than"));
        for (long width : List.of(-1L, 2L, (1L << 31) - 1, Long.MAX_VALUE)) {
            crafted.add(json("nIn " + width, with("/confs/0/layer", "nin", width), "has nIn " + width));
        }
        crafted.add(json("eps -1", with("/confs/1/layer", "eps", -1), "has eps -1.0"));
        crafted.add(json("eps NaN", with("/confs/1/layer", "eps", "NaN"), "has eps NaN"));
        crafted.add(json(
                "a name with control characters",
                with("/confs/0/layer", "layerName", "\u001b[2J\n").replace("TanH", "Swish"),
                "whose layer 0 (?[2J?, DenseLayer) has the activation"));
        return crafted;
    }

    @ParameterizedTest
    @MethodSource({"vectors", "zips", "configurations"})
    void eachFileEndsAsItsKindOfFaultSays(Crafted crafted) throws IOException {
        Path file = write("crafted", crafted.content());
        CommandLineForTests.Outcome first = train(file, "first");
        assertThat(first.code()).as(first.err()).isEqualTo(crafted.code());
        if (crafted.code() == 0) {
            assertThat(train(file, "second").code()).isZero();
            assertThat(theta("first")).isEqualTo(theta("second"));
            return;
        }
        assertThat(first.err()).startsWith("model.network is " + file + ", ");
        assertThat(first.err().strip())
                .doesNotContain("\n")
                .doesNotContain("\u001b")
                .contains(crafted.sentence());
        assertThat(temporary.resolve("first")).doesNotExist();
        assertThat(INITIALISED).isFalse();
    }

    @Test
    void weightsThatEndAnywhereAreRefused() throws IOException {
        byte[] json = VALID_JSON.getBytes(StandardCharsets.UTF_8);
        byte[] vector = new Vector().bytes();
        for (int length = 0; length < vector.length; length += length < HEADER ? 1 : 11) {
            End end = end("cut", zip(json, Arrays.copyOf(vector, length)));
            assertThat(end.code()).as("%s bytes", length).isEqualTo(3);
            assertThat(end.sentence()).contains("coefficients.bin ends too early");
        }
    }

    @Test
    void aZipThatEndsAnywhereIsRefused() throws IOException {
        byte[] whole = saved();
        for (int length = 0; length < whole.length; length += length < 32 || length > whole.length - 32 ? 1 : 17) {
            End end = end("cut", Arrays.copyOf(whole, length));
            assertThat(end.code()).as("%s bytes: %s", length, end.sentence()).isIn(2, 3);
            assertThat(end.sentence()).startsWith("model.network is ").doesNotContain("\n");
        }
    }

    @Test
    void flippedBitsInAZipAreRefusedOrChangeNothingThatRepeats() throws IOException {
        byte[] whole = saved();
        RandomStream random = RandomStream.of(7);
        for (int i = 0; i < 200; i++) {
            byte[] flipped = whole.clone();
            flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
            requireForeseen("flip " + i, flipped);
        }
    }

    @Test
    void flippedBitsBehindRightChecksumsAreRefusedOrRepeat() throws IOException {
        RandomStream random = RandomStream.of(8);
        byte[] vector = new Vector().bytes();
        for (int i = 0; i < 150; i++) {
            byte[] json = VALID_JSON.getBytes(StandardCharsets.UTF_8);
            byte[] flipped = vector.clone();
            flipped[random.nextInt(i % 2 == 0 ? HEADER : vector.length)] ^= (byte) (1 << random.nextInt(8));
            requireForeseen("vector " + i, zip(json, flipped));
            json[random.nextInt(json.length)] ^= (byte) (1 << random.nextInt(8));
            requireForeseen("configuration " + i, zip(json, vector));
        }
    }

    private static List<JsonNode> values() throws IOException {
        return List.of(
                JSON.nullNode(),
                JSON.readTree("-1"),
                JSON.readTree("0"),
                JSON.readTree("2147483647"),
                JSON.readTree("9223372036854775807"),
                JSON.readTree("-1e308"),
                JSON.readTree("\"NaN\""),
                JSON.readTree("\"x\""),
                JSON.readTree("true"),
                JSON.readTree("[]"),
                JSON.readTree("{}"));
    }

    @Test
    void anyValueOfAnySettingIsRefusedOrRepeats() throws IOException {
        List<JsonNode> values = values();
        List<String> places = places("", JSON.readTree(VALID_JSON));
        for (int i = 0; i < places.size() * values.size(); i += 5) {
            String place = places.get(i / values.size());
            JsonNode value = values.get(i % values.size());
            requireForeseen(
                    place + " = " + value,
                    replaced(JSON.readTree(VALID_JSON), place, value).getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void anyValueOfAnySettingOfLayersOverImagesIsRefusedOrRepeats() throws IOException {
        JsonNode root = JSON.readTree(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(2).padding(1, 1).build())
                .layer(new BatchNormalization())
                .layer(new SubsamplingLayer.Builder(PoolingType.AVG)
                        .kernelSize(3, 3)
                        .padding(1, 1)
                        .build())
                .layer(new DropoutLayer(0.5))
                .layer(new ActivationLayer(Activation.ELU))
                .layer(new GlobalPoolingLayer(PoolingType.MAX))
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nOut(5)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(8, 8, 1))
                .build()
                .toJson());
        EpisodeLayout episode = new EpisodeLayout(Shape.of(1, 8, 8), 5, 5, 5, 5);
        List<JsonNode> values = new ArrayList<>(values());
        values.add(JSON.readTree("[2147483647, 2147483647]"));
        values.add(JSON.readTree("[1, -1]"));
        values.add(JSON.readTree("{\"@class\": \"org.nd4j.linalg.schedule.MapSchedule\"}"));
        for (String place : places("", root)) {
            for (JsonNode value : values) {
                NetworkFile file =
                        new NetworkFile("crafted", replaced(root, place, value).getBytes(StandardCharsets.UTF_8));
                try {
                    Model model = ModelFactory.of(
                            new ModelSettings("crafted", "preset", "query", Optional.of(file)), episode);
                    assertThat(model.parameters().size()).isLessThan(10_000);
                } catch (IllegalArgumentException e) {
                    assertThat(ExitCode.message(e))
                            .as("%s = %s", place, value)
                            .startsWith("model.network is crafted, ");
                }
            }
        }
    }

    /** Jackson initialises a class before it looks whether it is what belongs there. */
    @Test
    void anyClassOfTheLibrariesInPlaceOfAnyOtherIsRefused() throws IOException {
        Set<String> types = new TreeSet<>();
        for (Class<?> inLibrary : List.of(NeuralNetConfiguration.class, Sgd.class)) {
            try (JarFile jar = new JarFile(inLibrary
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .getPath())) {
                jar.stream()
                        .map(entry -> entry.getName().replace('/', '.'))
                        .filter(name ->
                                name.matches("org\\.(deeplearning4j\\.nn|nd4j\\.linalg)\\.(conf|weights|activations"
                                        + "|lossfunctions|learning|schedule)\\..*\\.class"))
                        .map(name -> name.substring(0, name.length() - ".class".length()))
                        .forEach(types::add);
            }
        }
        assertThat(types).hasSizeGreaterThan(300);
        for (String type : types) {
            for (String place : List.of("/confs/0/layer/iupdater", "/confs/2/layer/lossFn")) {
                NetworkFile file =
                        new NetworkFile("crafted", with(place, "@class", type).getBytes(StandardCharsets.UTF_8));
                try {
                    ModelFactory.of(new ModelSettings("crafted", "preset", "query", Optional.of(file)), CURVES);
                } catch (IllegalArgumentException e) {
                    assertThat(ExitCode.message(e)).startsWith("model.network is crafted, ");
                }
            }
        }
    }

    @Test
    void aThousandLayersAreNoMoreThanMany() throws IOException {
        ObjectNode root = (ObjectNode) JSON.readTree(VALID_JSON);
        ArrayNode layers = (ArrayNode) root.get("confs");
        ObjectNode activation = layers.get(0).deepCopy();
        ((ObjectNode) activation.get("layer"))
                .put("@class", "org.deeplearning4j.nn.conf.layers.ActivationLayer")
                .put("layerName", (String) null);
        while (layers.size() < 1_000) {
            layers.insert(1, activation);
        }
        assertThat(end("many", root.toString().getBytes(StandardCharsets.UTF_8)).code())
                .isZero();
    }

    @Test
    void aFileThatIsLargerThanMemoryIsNotRead() throws IOException {
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
    void aDeviceIsNotReadToItsEnd() {
        CommandLineForTests.Outcome refused = train(Path.of("/dev/zero"), "first");
        assertThat(refused.code()).isEqualTo(3);
        assertThat(refused.err()).contains("/dev/zero is a pipe, a socket or a device");
    }

    private void requireForeseen(String what, byte[] content) throws IOException {
        End end = end("foreseen", content);
        assertThat(end.code()).as("%s: %s", what, end.sentence()).isIn(0, 2, 3);
        if (end.code() == 0) {
            assertThat(end("foreseen", content).theta()).as(what).isEqualTo(end.theta());
        } else {
            assertThat(end.sentence()).as(what).startsWith("model.network is ").doesNotContain("\n");
        }
    }

    /** What a command does with a file before rounds begin: reading, planning, and θ as it begins. */
    private End end(String name, byte[] content) throws IOException {
        Path file = write(name, content);
        try {
            ResolvedRun resolved = ResolvedRun.here(JobConfig.parse("tiny", """
                    task { meta-batch-size = 3, support = 4, query = 4 }
                    backend.name = reference
                    model.initializer = preset
                    algorithm.inner-steps = 1
                    evaluation.steps = 1
                    """, List.of("model.network=" + file)));
            FlatVector theta = resolved.plan().untrained(1, resolved.source());
            return new End(0, "", theta.toDoubles());
        } catch (RuntimeException | Error e) {
            return new End(ExitCode.of(e).number(), ExitCode.message(e), new double[0]);
        }
    }

    private CommandLineForTests.Outcome train(Path file, String name) {
        return TinyRun.in(
                        temporary,
                        name,
                        "model.network=" + file,
                        "model.initializer=preset",
                        "optimizer.name=sgd",
                        "run.rounds=1",
                        "validation.tasks=1")
                .train();
    }

    private byte[] theta(String name) throws IOException {
        return Files.readAllBytes(temporary.resolve(name).resolve("model/theta.safetensors"));
    }

    private Path write(String name, byte[] content) throws IOException {
        return Files.write(temporary.resolve(name), content);
    }

    /** As Deeplearning4j writes it, with an updater's state. */
    private static byte[] saved() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ModelSerializer.writeModel(VALID, bytes, true);
        return bytes.toByteArray();
    }

    private static Crafted vector(String what, Consumer<Vector> change, String sentence) {
        return new Crafted(what, zip(change), 3, sentence);
    }

    private static Crafted good(String what, Consumer<Vector> change) {
        return new Crafted(what, zip(change), 0, "");
    }

    private static Crafted json(String what, String text, String sentence) {
        return new Crafted(what, text.getBytes(StandardCharsets.UTF_8), 2, sentence);
    }

    private static Crafted changed(String what, byte[] zip, Consumer<ByteBuffer> change, int code, String sentence) {
        byte[] changed = zip.clone();
        change.accept(ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN));
        return new Crafted(what, changed, code, sentence);
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

    private static byte[] zip(byte[] json, byte[] vector) throws IOException {
        return zip(List.of(CONFIGURATION, COEFFICIENTS), List.of(json, vector));
    }

    private static byte[] zip(List<String> names, List<byte[]> contents) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (int i = 0; i < names.size(); i++) {
                zip.putNextEntry(new ZipEntry(names.get(i)));
                zip.write(contents.get(i));
            }
        }
        return bytes.toByteArray();
    }

    /** The first entry so many times, each under a name of its own. */
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

    private static int end(byte[] zip) {
        return zip.length - 22;
    }

    private static int directory(byte[] zip) {
        return ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN).getInt(end(zip) + 16);
    }

    /** The valid configuration with one setting of the object at a place. */
    private static String with(String place, String key, Object value) throws IOException {
        JsonNode root = JSON.readTree(VALID_JSON);
        JsonNode at = place.equals("/") ? root : root.at(place);
        ((ObjectNode) at).set(key, JSON.valueToTree(value));
        return root.toString();
    }

    private static String dense(int width) throws IOException {
        ObjectNode root = (ObjectNode) JSON.readTree(VALID_JSON);
        ((ObjectNode) root.at("/confs/0/layer")).put("nout", width);
        ((ObjectNode) root.at("/confs/2/layer")).put("nin", width);
        ((ArrayNode) root.get("confs")).remove(1);
        return root.toString();
    }

    private static String layers(int count) throws IOException {
        ObjectNode root = (ObjectNode) JSON.readTree(VALID_JSON);
        ArrayNode layers = (ArrayNode) root.get("confs");
        while (layers.size() < count) {
            layers.insert(0, layers.get(0));
        }
        return root.toString();
    }

    /** The pointers to everything below a node. */
    private static List<String> places(String above, JsonNode node) {
        List<String> places = new ArrayList<>();
        if (node.isObject()) {
            node.fieldNames().forEachRemaining(name -> {
                places.add(above + "/" + name);
                places.addAll(places(above + "/" + name, node.get(name)));
            });
        }
        for (int i = 0; node.isArray() && i < node.size(); i++) {
            places.add(above + "/" + i);
            places.addAll(places(above + "/" + i, node.get(i)));
        }
        return places;
    }

    private static String replaced(JsonNode configuration, String place, JsonNode value) {
        JsonNode root = configuration.deepCopy();
        int last = place.lastIndexOf('/');
        JsonNode parent = root.at(place.substring(0, last));
        if (parent instanceof ArrayNode array) {
            array.set(Integer.parseInt(place.substring(last + 1)), value);
        } else {
            ((ObjectNode) parent).set(place.substring(last + 1), value);
        }
        return root.toString();
    }
}
