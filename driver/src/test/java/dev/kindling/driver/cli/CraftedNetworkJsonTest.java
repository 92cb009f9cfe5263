package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.NetworkFile;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.learning.config.Sgd;

/** Tests crafted JSON configurations of {@code model.network}: their nesting, classes, sizes and settings. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CraftedNetworkJsonTest extends CraftedNetworkFiles {
    private static final EpisodeLayout CURVES = new EpisodeLayout(Shape.of(1), 0, 1, 4, 4);

    static List<Crafted> configurations() throws IOException {
        List<Crafted> crafted = new ArrayList<>();
        crafted.add(json("100,000 lists", "[".repeat(100_000), "nested more than 64 levels"));
        crafted.add(json("100,000 objects", "{\"confs\":".repeat(100_000), "nested more than 64 levels"));
        crafted.add(json(
                "nesting below an ignored key",
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
                with("/confs/0/layer", "layerName", "\u001b[2J\n").replace("TanH", "Cube"),
                "whose layer 0 (?[2J?, DenseLayer) has the activation"));
        return crafted;
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void isRefusedWithTheMessageOfItsFault(Crafted crafted) throws IOException {
        requireExpectedResult(crafted);
    }

    @Test
    void anyValueOfAnySettingIsRefusedOrReproducible() throws IOException {
        List<JsonNode> values = values();
        List<String> places = places("", JSON.readTree(VALID_JSON));
        for (int i = 0; i < places.size() * values.size(); i += 5) {
            String place = places.get(i / values.size());
            JsonNode value = values.get(i % values.size());
            requireRefusedOrReproducible(
                    place + " = " + value,
                    replaced(JSON.readTree(VALID_JSON), place, value).getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Jackson initialises a class before it checks that its type fits. */
    @Test
    void anyOtherClassOfTheLibrariesIsRefusedWithASingleLineMessage() throws IOException {
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
    void aNetworkOfAThousandLayersIsRead() throws IOException {
        ObjectNode root = (ObjectNode) JSON.readTree(VALID_JSON);
        ArrayNode layers = (ArrayNode) root.get("confs");
        ObjectNode activation = layers.get(0).deepCopy();
        ((ObjectNode) activation.get("layer"))
                .put("@class", "org.deeplearning4j.nn.conf.layers.ActivationLayer")
                .put("layerName", (String) null);
        while (layers.size() < 1_000) {
            layers.insert(1, activation);
        }
        assertThat(read("many", root.toString().getBytes(StandardCharsets.UTF_8))
                        .code())
                .isZero();
    }

    private static Crafted json(String name, String text, String message) {
        return new Crafted(name, text.getBytes(StandardCharsets.UTF_8), 2, message);
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
}
