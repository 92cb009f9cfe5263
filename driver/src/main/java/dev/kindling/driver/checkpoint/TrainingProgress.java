package dev.kindling.driver.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.job.error.BadDataException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The progress of a run at a checkpoint, apart from its round and its arrays: the object {@code progress} of the
 * checkpoint's manifest.
 *
 * @param updates number of updates that the meta-optimizer has made
 * @param seconds wall time of the run so far, over all its starts
 * @param best the best validation so far, of each member of an ensemble; empty before the first
 */
public record TrainingProgress(long updates, double seconds, List<Best> best) {
    static final String KEY = "progress";

    private static final String BEST = "best";

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * The best validation so far.
     *
     * @param validationsWithoutImprovement number of later validations, none of which was better
     */
    public record Best(Validation validation, int validationsWithoutImprovement) {
        /** The best after one more validation. */
        public Best after(Validation next, Validation.Measure measure) {
            return next.isBetterThan(validation, measure)
                    ? new Best(next, 0)
                    : new Best(validation, validationsWithoutImprovement + 1);
        }
    }

    public TrainingProgress {
        best = List.copyOf(best);
    }

    /** The validations since the last improvement of any member; empty before the first validation. */
    public OptionalInt validationsWithoutImprovement() {
        return best.stream().mapToInt(Best::validationsWithoutImprovement).min();
    }

    ObjectNode json() {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("updates", updates).put("seconds", seconds);
        if (best.size() == 1) {
            put(best.get(0), node.putObject(BEST));
        } else if (!best.isEmpty()) {
            ArrayNode members = node.putArray(BEST);
            best.forEach(each -> put(each, members.addObject()));
        }
        return node;
    }

    private static void put(Best found, ObjectNode node) {
        Validation validation = found.validation();
        node.put("round", validation.round());
        if (Double.isFinite(validation.loss())) {
            node.put("validation_loss", validation.loss());
        }
        validation.accuracy().ifPresent(accuracy -> node.put("validation_accuracy", accuracy));
        node.put("diverged", validation.diverged())
                .put("validations_without_improvement", found.validationsWithoutImprovement());
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
        List<Best> best = new ArrayList<>();
        JsonNode found = node.path(BEST);
        if (found.isObject()) {
            best.add(best(found, place));
        } else if (found.isArray()) {
            found.forEach(member -> best.add(best(member, place)));
        } else if (!found.isMissingNode()) {
            throw new BadDataException(place + " is damaged: " + BEST + " of its " + KEY + " is " + found);
        }
        return new TrainingProgress(
                number(node, "updates", place).asLong(),
                number(node, "seconds", place).asDouble(),
                best);
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
