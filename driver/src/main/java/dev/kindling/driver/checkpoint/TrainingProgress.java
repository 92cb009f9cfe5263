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
 * The progress of a run at a checkpoint, apart from its round and its arrays: the object {@code progress} of the
 * checkpoint's manifest.
 *
 * @param updates number of updates that the meta-optimizer has made
 * @param seconds wall time of the run so far, over all its starts
 * @param best the best validation so far; empty before the first
 */
public record TrainingProgress(long updates, double seconds, Optional<Best> best) {
    static final String KEY = "progress";

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * The best validation so far.
     *
     * @param validationsWithoutImprovement number of later validations, none of which was better
     */
    public record Best(Validation validation, int validationsWithoutImprovement) {
        /** The best after one more validation. */
        public Best after(Validation next) {
            return next.isBetterThan(validation)
                    ? new Best(next, 0)
                    : new Best(validation, validationsWithoutImprovement + 1);
        }
    }

    ObjectNode json() {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("updates", updates).put("seconds", seconds);
        best.ifPresent(found -> {
            Validation validation = found.validation();
            ObjectNode inner = node.putObject("best").put("round", validation.round());
            if (Double.isFinite(validation.loss())) {
                inner.put("validation_loss", validation.loss());
            }
            validation.accuracy().ifPresent(accuracy -> inner.put("validation_accuracy", accuracy));
            inner.put("diverged", validation.diverged())
                    .put("validations_without_improvement", found.validationsWithoutImprovement());
        });
        return node;
    }

    /** The progress that a manifest's text holds; empty for a model's. */
    static Optional<TrainingProgress> in(String manifest, String place) {
        try {
            JsonNode node = JSON.readTree(manifest).get(KEY);
            return node == null ? Optional.empty() : Optional.of(of(node, place));
        } catch (JsonProcessingException e) {
            throw new BadDataException(place + " is damaged: it is not a manifest", e);
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
        Validation validation = new Validation(
                number(node, "round", place).asLong(),
                node.path("validation_loss").asDouble(Double.NaN),
                accuracy == null ? OptionalDouble.empty() : OptionalDouble.of(accuracy.asDouble()),
                number(node, "diverged", place).asInt());
        return new Best(
                validation,
                number(node, "validations_without_improvement", place).asInt());
    }

    private static JsonNode number(JsonNode node, String name, String place) {
        JsonNode number = node.path(name);
        if (!number.isNumber()) {
            throw new BadDataException(place + " is damaged: its " + KEY + " has no number " + name);
        }
        return number;
    }
}
