package dev.kindling.job.model;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;

/**
 * What a {@link NetworkFile} holds: a configuration and, in a zip, weights. The configuration is read by Deeplearning4j once
 * {@link ConfigurationJson} has looked through it; zip and weights are read here, by {@link NetworkZip} and
 * {@link StoredParameters}, since ND4J believes whatever lengths a file gives.
 */
final class Deeplearning4jFile {
    private static final String CONFIGURATION = "configuration.json";
    private static final String COEFFICIENTS = "coefficients.bin";
    /** What ND4J writes in front of the numbers, and more. */
    private static final int LONGEST_HEADER = 1 << 16;
    /** θ, its gradient and what an optimizer remembers, or copies of them: four numbers of single precision at least. */
    private static final long LEAST_BYTES = 4L * Float.BYTES;

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

    /**
     * Refuses a network that is larger than the memory of this JVM before anything of its size is made.
     *
     * @throws IllegalArgumentException naming the file
     */
    void requireRoom(Layout parameters) {
        long most = Runtime.getRuntime().maxMemory();
        if (parameters.size() > most / LEAST_BYTES) {
            throw file.refused("whose " + parameters.size() + " parameters need more memory than the " + (most >> 20)
                    + " MiB that this JVM may use (-Xmx)");
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
        if (!file.isZip()) {
            return Optional.empty();
        }
        StoredParameters parameters = new StoredParameters(file, configuration, wanted);
        long most = parameters.count() * Double.BYTES + LONGEST_HEADER;
        return Optional.of(new NetworkZip(file).read(COEFFICIENTS, most, parameters::read));
    }

    private static String firstLine(Exception e) {
        return NetworkFile.shown(
                String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
}
