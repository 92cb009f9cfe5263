package dev.kindling.job.model;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.job.task.BadDataException;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a {@link NetworkFile} holds: a configuration and, in a zip, weights. Only entries that are needed are read from a
 * zip, and of weights not more bytes than the configuration has use for. Classes that a configuration names are looked at
 * before Deeplearning4j may load them.
 */
final class Deeplearning4jFile {
    private static final String CONFIGURATION = "configuration.json";
    private static final String COEFFICIENTS = "coefficients.bin";
    static final String LOG_DEVIATION = "log10stdev";
    private static final int LONGEST_CONFIGURATION = 64 << 20;
    /** What ND4J writes in front of the numbers, and more. */
    private static final int LONGEST_HEADER = 1 << 16;

    /** Of two values of one key this reader would see the last and Deeplearning4j's the first: there may not be two. */
    private static final ObjectMapper JSON = new ObjectMapper().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private static final List<String> LIBRARIES = List.of("org.deeplearning4j.", "org.nd4j.");

    private final NetworkFile file;
    private final MultiLayerConfiguration configuration;

    private Deeplearning4jFile(NetworkFile file, MultiLayerConfiguration configuration) {
        this.file = file;
        this.configuration = configuration;
    }

    /**
     * Reads the configuration.
     *
     * @throws IllegalArgumentException if it is no {@code MultiLayerConfiguration}, or has a layer that is not supported
     * @throws BadDataException if a zip is damaged
     */
    static Deeplearning4jFile read(NetworkFile file) {
        String text = file.isZip()
                ? new String(entry(file, CONFIGURATION, LONGEST_CONFIGURATION), StandardCharsets.UTF_8)
                : file.text();
        refuseOthers(file, text);
        try {
            return new Deeplearning4jFile(file, MultiLayerConfiguration.fromJson(text));
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(
                    subject(file) + ", which Deeplearning4j cannot read as a MultiLayerConfiguration: " + firstLine(e),
                    e);
        }
    }

    /** The layers of the network for episodes of the given shapes; see {@link Deeplearning4jReader}. */
    List<Network.Placed> layers(EpisodeLayout episode, Optional<Initializer> chosen) {
        boolean begun = chosen.isPresent() || file.isZip();
        return new Deeplearning4jReader(
                        file,
                        configuration,
                        episode,
                        begun ? Optional.of(chosen.orElse(Initializer.GLOROT_NORMAL)) : Optional.empty())
                .layers();
    }

    MultiLayerConfiguration configuration() {
        return configuration;
    }

    /** The beginning of sentences about a file. */
    static String subject(NetworkFile file) {
        return "model.network is " + file.place();
    }

    private static void refuseOthers(NetworkFile file, String text) {
        JsonNode root;
        try {
            root = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    subject(file)
                            + ", which is neither a zip nor JSON without double keys; it must be the JSON of a MultiLayerConfiguration "
                            + "or a zip that ModelSerializer wrote",
                    e);
        }
        JsonNode layers = root.path("confs");
        if (!layers.isArray() || layers.isEmpty()) {
            throw new IllegalArgumentException(subject(file) + ", which is "
                    + (root.has("vertices") ? "a ComputationGraph" : "no network of Deeplearning4j")
                    + "; it must be a MultiLayerConfiguration with at least one layer");
        }
        for (int i = 0; i < layers.size(); i++) {
            Deeplearning4jReader.refuseUnsupported(file, i, layers.get(i).path("layer"));
        }
        for (String type : root.findValuesAsText("@class")) {
            if (LIBRARIES.stream().noneMatch(type::startsWith)) {
                throw new IllegalArgumentException(subject(file) + ", which names the class " + type
                        + "; only classes of Deeplearning4j and ND4J may stand in a configuration");
            }
        }
    }

    /**
     * The weights that a zip holds, each array row-major under its name.
     *
     * @param wanted names and shapes of the network's parameters
     * @return empty for JSON
     * @throws BadDataException if the zip has no weights, or others than its configuration asks for
     */
    Optional<Map<String, double[]>> weights(Layout wanted) {
        return file.isZip() ? Optional.of(stored(wanted)) : Optional.empty();
    }

    private Map<String, double[]> stored(Layout wanted) {
        long count = configuration.getConfs().stream()
                .mapToLong(Deeplearning4jFile::numbers)
                .sum();
        long most = Math.min(count * Double.BYTES + LONGEST_HEADER, Integer.MAX_VALUE - 8);
        MultiLayerNetwork network = new MultiLayerNetwork(configuration.clone());
        try (INDArray all = array(entry(file, COEFFICIENTS, (int) most))) {
            if (all.length() != count) {
                throw new BadDataException(subject(file) + ", which is damaged: it holds " + all.length()
                        + " weights; its configuration asks for " + count);
            }
            network.init(all.castTo(configuration.getDataType()), true);
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new BadDataException(
                    subject(file) + ", which is damaged: its weights do not fit its configuration: " + firstLine(e), e);
        }
        Map<String, double[]> weights = new LinkedHashMap<>();
        wanted.entries().forEach(entry -> weights.put(entry.name(), finite(network, entry)));
        return weights;
    }

    private static long numbers(NeuralNetConfiguration layer) {
        return layer.getLayer().initializer().numParams(layer);
    }

    private INDArray array(byte[] bytes) {
        try {
            return Nd4j.read(new DataInputStream(new ByteArrayInputStream(bytes)));
        } catch (RuntimeException e) {
            throw new BadDataException(
                    subject(file) + ", which is damaged: its " + COEFFICIENTS + " cannot be read: " + firstLine(e), e);
        }
    }

    private double[] finite(MultiLayerNetwork network, Layout.Entry entry) {
        double[] numbers = numbers(network, entry.name());
        for (double number : numbers) {
            if (!Double.isFinite(number)) {
                throw new BadDataException(
                        subject(file) + ", whose " + entry.name() + " holds " + number + "; weights must be finite");
            }
        }
        return numbers;
    }

    /** An array by our name; Deeplearning4j's batch norm usually keeps log10 of the standard deviation. */
    private static double[] numbers(MultiLayerNetwork network, String name) {
        INDArray array = network.paramTable().get(name);
        if (array != null) {
            return array.dup('c').data().asDouble();
        }
        String logarithms = name.substring(0, name.indexOf('_') + 1) + LOG_DEVIATION;
        return Arrays.stream(network.getParam(logarithms).dup('c').data().asDouble())
                .map(logarithm -> StrictMath.pow(10, 2 * logarithm))
                .toArray();
    }

    private static byte[] entry(NetworkFile file, String name, int most) {
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(file.content()))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().equals(name)) {
                    byte[] bytes = zip.readNBytes(most + 1);
                    if (bytes.length > most) {
                        throw new BadDataException(subject(file) + ", whose " + name + " has more than the " + most
                                + " bytes it may have");
                    }
                    return bytes;
                }
            }
        } catch (IOException e) {
            throw new BadDataException(
                    subject(file) + ", which is damaged: " + name + " cannot be read: " + firstLine(e), e);
        }
        throw new BadDataException(
                subject(file) + ", a zip without " + name + "; it must be one that ModelSerializer wrote");
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
