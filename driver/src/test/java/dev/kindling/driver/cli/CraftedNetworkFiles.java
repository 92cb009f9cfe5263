package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.job.tensor.FlatVector;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;

/**
 * Base of the tests of {@code model.network} with files that Deeplearning4j would not write: each is refused with a
 * single-line message that names the file, with exit code 2 for its configuration or 3 for its bytes, or it trains with
 * bitwise identical results in a repeated run.
 */
abstract class CraftedNetworkFiles {
    static final String CONFIGURATION = "configuration.json";
    static final String COEFFICIENTS = "coefficients.bin";
    static final ObjectMapper JSON = new ObjectMapper();
    static final MultiLayerNetwork VALID = NetworkFileRunTest.network(Activation.TANH);
    static final String VALID_JSON = VALID.getLayerWiseConfigurations().toJson();

    /** Whether a class that only a crafted file names was initialised. */
    private static final AtomicBoolean INITIALISED = new AtomicBoolean();

    @TempDir
    Path temporary;

    /** A class that reading a file must not initialise. */
    static final class Canary {
        static {
            INITIALISED.set(true);
        }

        private Canary() {}
    }

    /**
     * A crafted file and the expected result of training with it.
     *
     * @param name display name of the test case
     * @param code expected exit code
     * @param message a part of the expected message
     */
    record Crafted(String name, byte[] content, int code, String message) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** The result of reading a file: exit code, message and initial θ. */
    record ReadResult(int code, String message, double[] theta) {}

    /** Trains with a file, and checks exit code and message, or that a repeated run has the same θ. */
    void requireExpectedResult(Crafted crafted) throws IOException {
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
                .contains(crafted.message());
        assertThat(temporary.resolve("first")).doesNotExist();
        assertThat(INITIALISED).isFalse();
    }

    /** Checks that a file is refused with a single-line message and an expected exit code, or that θ is reproducible. */
    void requireRefusedOrReproducible(String name, byte[] content) throws IOException {
        ReadResult read = read("expected", content);
        assertThat(read.code()).as("%s: %s", name, read.message()).isIn(0, 2, 3);
        if (read.code() == 0) {
            assertThat(read("expected", content).theta()).as(name).isEqualTo(read.theta());
        } else {
            assertThat(read.message()).as(name).startsWith("model.network is ").doesNotContain("\n");
        }
    }

    /** Does with a file what a command does before the first round: reads it, plans, and initialises θ. */
    ReadResult read(String name, byte[] content) throws IOException {
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
            return new ReadResult(0, "", theta.toDoubles());
        } catch (RuntimeException | Error e) {
            return new ReadResult(ExitCode.of(e).number(), ExitCode.message(e), new double[0]);
        }
    }

    CommandLineForTests.Outcome train(Path file, String name) {
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

    static byte[] zip(byte[] json, byte[] vector) throws IOException {
        return zip(List.of(CONFIGURATION, COEFFICIENTS), List.of(json, vector));
    }

    static byte[] zip(List<String> names, List<byte[]> contents) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (int i = 0; i < names.size(); i++) {
                zip.putNextEntry(new ZipEntry(names.get(i)));
                zip.write(contents.get(i));
            }
        }
        return bytes.toByteArray();
    }

    /** The valid configuration with one setting of the object at a place. */
    static String with(String place, String key, Object value) throws IOException {
        JsonNode root = JSON.readTree(VALID_JSON);
        JsonNode at = place.equals("/") ? root : root.at(place);
        ((ObjectNode) at).set(key, JSON.valueToTree(value));
        return root.toString();
    }

    /** Values of every JSON type, at the limits of their types. */
    static List<JsonNode> values() throws IOException {
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

    /** The JSON pointers of all values below a node. */
    static List<String> places(String above, JsonNode node) {
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

    static String replaced(JsonNode configuration, String place, JsonNode value) {
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
