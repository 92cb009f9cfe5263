package dev.kindling.driver.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.job.error.BadDataException;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Where a run stood, beside its round and its arrays: an object of a checkpoint's manifest.
 *
 * @param updates how many updates the meta-optimizer had made
 * @param seconds of the run until then, over all its starts
 * @param best what validation had found; empty where it had not been made
 */
public record TrainingProgress(long updates, double seconds, Optional<Best> best) {
    static final String KEY = "position";

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * The best validation so far.
     *
     * @param round after which it was made
     * @param loss mean over the tasks that were finite; NaN if none was
     * @param accuracy a fraction; empty for regression
     * @param diverged how many tasks were not finite
     * @param validationsWithoutImprovement how many validations since then were no better
     */
    public record Best(
            long round, double loss, OptionalDouble accuracy, int diverged, int validationsWithoutImprovement) {}

    ObjectNode json() {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("updates", updates).put("seconds", seconds);
        best.ifPresent(found -> {
            ObjectNode inner = node.putObject("best").put("round", found.round());
            if (Double.isFinite(found.loss())) {
                inner.put("validation_loss", found.loss());
            }
            found.accuracy().ifPresent(accuracy -> inner.put("validation_accuracy", accuracy));
            inner.put("diverged", found.diverged()).put("waited", found.validationsWithoutImprovement());
        });
        return node;
    }

    /** The position in a manifest's text, if it holds one. */
    static Optional<TrainingProgress> in(String manifest, String place) {
        try {
            JsonNode node = JSON.readTree(manifest).get(KEY);
            return node == null ? Optional.empty() : Optional.of(of(node, place));
        } catch (JsonProcessingException e) {
            throw new BadDataException(place + " is damaged: it is no manifest", e);
        }
    }

    private static TrainingProgress of(JsonNode node, String place) {
        JsonNode best = node.get("best");
        return new TrainingProgress(
                number(node, "updates", place).asLong(),
                number(node, "seconds", place).asDouble(),
                best == null ? Optional.empty() : Optional.of(best(best, place)));
    }

    private static Best best(JsonNode node, String place) {
        JsonNode accuracy = node.get("validation_accuracy");
        return new Best(
                number(node, "round", place).asLong(),
                node.path("validation_loss").asDouble(Double.NaN),
                accuracy == null ? OptionalDouble.empty() : OptionalDouble.of(accuracy.asDouble()),
                number(node, "diverged", place).asInt(),
                number(node, "waited", place).asInt());
    }

    private static JsonNode number(JsonNode node, String name, String place) {
        JsonNode number = node.path(name);
        if (!number.isNumber()) {
            throw new BadDataException(place + " is damaged: its " + KEY + " has no number " + name);
        }
        return number;
    }
}
