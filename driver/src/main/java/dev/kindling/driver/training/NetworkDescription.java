package dev.kindling.driver.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Reader and writer of a model's {@code network.json}: the network, the shapes of its examples and of its parameters. */
public final class NetworkDescription {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final String EPISODE = "episode";
    private static final String ORDER = "order";
    private static final String CATEGORIES = "categories";

    private NetworkDescription() {}

    /**
     * The text of the file.
     *
     * @param episode layout of a task; its numbers of examples are not written
     * @param parameters names and shapes of the arrays of θ
     */
    public static String json(ModelSettings network, EpisodeLayout episode, Layout parameters) {
        ObjectNode root = JSON.createObjectNode();
        root.put("network", network.network())
                .put("initializer", network.initializer())
                .put("batch_norm", network.batchNorm());
        network.file().ifPresent(file -> root.put("sha256", file.hash()));
        ObjectNode shapes = root.putObject(EPISODE);
        shapes.set("features", JSON.valueToTree(episode.features().dims()));
        shapes.put("classes", episode.classes())
                .put("outputs", episode.outputs())
                .put("weighted", episode.weighted());
        episode.order().ifPresent(element -> shapes.put(ORDER, element));
        if (!episode.categories().isEmpty()) {
            episode.categories().forEach(shapes.putArray(CATEGORIES)::add);
        }
        ObjectNode arrays = root.putObject("parameters");
        for (Layout.Entry entry : parameters.entries()) {
            arrays.set(entry.name(), JSON.valueToTree(entry.shape().dims()));
        }
        try {
            return JSON.writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The layout of an episode with one support and one query example; empty for a file of 0.1.0, which lacks it.
     *
     * @param name of the file, for messages
     * @throws BadDataException if it is not JSON
     */
    public static Optional<EpisodeLayout> episode(String json, String name) {
        JsonNode episode;
        try {
            episode = JSON.readTree(json).path(EPISODE);
        } catch (JsonProcessingException e) {
            throw new BadDataException(name + " is damaged: it is not JSON", e);
        }
        if (!episode.isObject()) {
            return Optional.empty();
        }
        int[] features = new int[episode.path("features").size()];
        for (int i = 0; i < features.length; i++) {
            features[i] = episode.path("features").path(i).asInt();
        }
        EpisodeLayout layout = new EpisodeLayout(
                Shape.of(features),
                episode.path("classes").asInt(),
                episode.path("outputs").asInt(),
                1,
                1);
        if (episode.has(ORDER)) {
            layout = layout.orderedBy(OptionalInt.of(episode.path(ORDER).asInt()));
        }
        List<Integer> categories = new ArrayList<>();
        episode.path(CATEGORIES).forEach(indices -> categories.add(indices.asInt()));
        layout = layout.withCategories(categories);
        return Optional.of(episode.path("weighted").asBoolean() ? layout.withWeights() : layout);
    }
}
