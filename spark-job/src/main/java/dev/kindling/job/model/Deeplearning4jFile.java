package dev.kindling.job.model;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;

/**
 * The content of a {@link NetworkFile}: a configuration and, in a zip, weights. Deeplearning4j reads the configuration after
 * {@link ConfigurationJson} has validated it; {@link NetworkZip} and {@link StoredParameters} read zip and weights, because
 * ND4J does not check the lengths in a file.
 */
final class Deeplearning4jFile {
    private static final String CONFIGURATION = "configuration.json";
    private static final String COEFFICIENTS = "coefficients.bin";
    /** An upper bound of the bytes that ND4J writes before the numbers. */
    private static final int LONGEST_HEADER = 1 << 16;
    /**
     * The least bytes per parameter: θ, its gradient and two more vectors of optimizer state or copies, in single
     * precision.
     */
    private static final long MIN_BYTES_PER_PARAMETER = 4L * Float.BYTES;

    private final NetworkFile file;
    private final MultiLayerConfiguration configuration;

    private Deeplearning4jFile(NetworkFile file, MultiLayerConfiguration configuration) {
        this.file = file;
        this.configuration = configuration;
    }

    /**
     * Reads the configuration.
     *
     * @throws IllegalArgumentException if it is not a {@code MultiLayerConfiguration} or has a layer that is not supported
     * @throws BadDataException if a zip is damaged
     */
    static Deeplearning4jFile read(NetworkFile file) {
        String text = file.text(
                file.isZip()
                        ? new NetworkZip(file)
                                .read(
                                        CONFIGURATION,
                                        ConfigurationJson.LONGEST,
                                        in -> in.readNBytes(ConfigurationJson.LONGEST))
                        : file.content());
        ConfigurationJson.refuseUnusable(file, text);
        try {
            return new Deeplearning4jFile(file, MultiLayerConfiguration.fromJson(text));
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(
                    file.subject() + ", which Deeplearning4j cannot read as a MultiLayerConfiguration: " + firstLine(e),
                    e);
        }
    }

    /** The layers of the network for episodes of the given shapes; see {@link Deeplearning4jReader}. */
    List<Network.InitializedLayer> layers(EpisodeLayout episode, Optional<Initializer> chosen) {
        boolean initialized = chosen.isPresent() || file.isZip();
        return new Deeplearning4jReader(
                        file,
                        configuration,
                        episode,
                        initialized ? Optional.of(chosen.orElse(Initializer.GLOROT_NORMAL)) : Optional.empty())
                .layers();
    }

    MultiLayerConfiguration configuration() {
        return configuration;
    }

    /**
     * Refuses a network that exceeds the memory of this JVM before anything of its size is allocated.
     *
     * @throws IllegalArgumentException naming the file
     */
    void requireMemory(Layout parameters) {
        long memory = Runtime.getRuntime().maxMemory();
        if (parameters.size() > memory / MIN_BYTES_PER_PARAMETER) {
            throw file.refused("whose " + parameters.size() + " parameters need more memory than the " + (memory >> 20)
                    + " MiB that this JVM may use (-Xmx)");
        }
    }

    /**
     * The weights of a zip, each array row-major by name.
     *
     * @param layout names and shapes of the network's parameters
     * @return empty for JSON
     * @throws BadDataException if the zip has no weights, or a number of weights that does not match its configuration
     */
    Optional<Map<String, double[]>> weights(Layout layout) {
        if (!file.isZip()) {
            return Optional.empty();
        }
        StoredParameters parameters = new StoredParameters(file, configuration, layout);
        long limit = parameters.count() * Double.BYTES + LONGEST_HEADER;
        return Optional.of(new NetworkZip(file).read(COEFFICIENTS, limit, parameters::read));
    }

    private static String firstLine(Exception e) {
        return NetworkFile.shown(
                String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
}
