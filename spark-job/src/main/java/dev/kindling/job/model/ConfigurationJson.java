package dev.kindling.job.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.regex.Pattern;

/**
 * Validates the JSON of a {@code MultiLayerConfiguration} before Deeplearning4j deserialises it: its size and depth, that it
 * names only classes that belong in a configuration, and that it has no arrays of numbers, which ND4J would read without
 * checks.
 */
final class ConfigurationJson {
    /** The most characters; a layer takes 1 to 3 kB. */
    static final int LONGEST = 16 << 20;

    private static final int MOST_LAYERS = 1_000;
    /** The most nested levels; Deeplearning4j writes eight. */
    private static final int DEEPEST = 64;

    private static final int LONGEST_TEXT = 1 << 16;

    /** Duplicate keys are refused: this reader would see the last value and Deeplearning4j's the first. */
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .maxStringLength(LONGEST_TEXT)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /**
     * The name of a class in a package whose classes are settings of layers. Jackson initialises a class before it checks its
     * type, and accepts type parameters after a name, so the whole name must match.
     */
    private static final Pattern SETTING = Pattern.compile(
            "(org\\.deeplearning4j\\.nn\\.(conf\\.(constraint|distribution|dropout|preprocessor|stepfunctions|weightnoise)"
                    + "|weights)"
                    + "|org\\.nd4j\\.linalg\\.(activations\\.impl|lossfunctions\\.impl|learning\\.(config|regularization)|schedule))"
                    + "\\.[A-Za-z0-9_$]+");

    private ConfigurationJson() {}

    /**
     * Refuses a configuration that must not reach Deeplearning4j.
     *
     * @throws IllegalArgumentException naming the file and the first problem
     */
    static void refuseUnusable(NetworkFile file, String text) {
        JsonNode root = parsed(file, text);
        JsonNode layers = root.path("confs");
        if (!layers.isArray() || layers.isEmpty()) {
            throw file.refused("which is "
                    + (root.has("vertices") ? "a ComputationGraph" : "no network of Deeplearning4j")
                    + "; it must be a MultiLayerConfiguration with at least one layer");
        }
        if (layers.size() > MOST_LAYERS) {
            throw file.refused("which has " + layers.size() + " layers; there may be " + MOST_LAYERS);
        }
        for (int i = 0; i < layers.size(); i++) {
            Deeplearning4jReader.refuseUnsupported(file, i, layers.get(i).path("layer"));
        }
        for (JsonNode type : root.findValues("@class")) {
            if (!type.isTextual() || !isAllowed(type.textValue())) {
                throw file.refused("which names the class "
                        + NetworkFile.shown(type.isTextual() ? type.textValue() : type.toString())
                        + "; only classes of Deeplearning4j and ND4J that are settings of layers are allowed in a "
                        + "configuration");
            }
        }
        if (root.findValues("weights").stream().anyMatch(weights -> !weights.isNull())) {
            throw file.refused("whose loss has weights of classes or outputs; they are not supported");
        }
    }

    private static boolean isAllowed(String type) {
        return Deeplearning4jReader.supports(type) || SETTING.matcher(type).matches();
    }

    private static JsonNode parsed(NetworkFile file, String text) {
        if (text.length() > LONGEST) {
            throw file.refused("whose configuration has " + text.length() + " characters; it may have " + LONGEST);
        }
        try {
            return JSON.readTree(text);
        } catch (StreamConstraintsException e) {
            throw new IllegalArgumentException(
                    file.subject() + ", whose JSON is nested more than " + DEEPEST
                            + " levels deep, or has a text of more than " + LONGEST_TEXT
                            + " characters or a number of more than "
                            + StreamReadConstraints.DEFAULT_MAX_NUM_LEN + " digits",
                    e);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    file.subject()
                            + ", which is neither a zip nor JSON without double keys; it must be the JSON of a MultiLayerConfiguration "
                            + "or a zip that ModelSerializer wrote",
                    e);
        }
    }
}
