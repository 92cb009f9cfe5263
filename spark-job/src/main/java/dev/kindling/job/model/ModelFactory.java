package dev.kindling.job.model;

import dev.kindling.job.task.EpisodeLayout;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Creates models from settings. */
public final class ModelFactory {
    private ModelFactory() {}

    /** The configured network, with the inputs, outputs and loss of the episode. */
    public static Model of(ModelSettings settings, EpisodeLayout layout) {
        Optional<Initializer> chosen = settings.chosenInitializer();
        if (settings.file().isEmpty()) {
            return network(
                    settings,
                    initialized(NamedNetworks.layers(settings.network(), settings.options(), layout), chosen),
                    layout);
        }
        NetworkFile bytes = settings.file().get();
        Deeplearning4jLibrary.require(bytes.subject());
        Deeplearning4jFile file = Deeplearning4jFile.read(bytes);
        Network network = bytes.namingFile(() -> network(settings, file.layers(layout, chosen), layout));
        file.requireMemory(network.parameters());
        return chosen.isPresent()
                ? network
                : file.weights(network.parameters())
                        .map(network::withInitialWeights)
                        .orElse(network);
    }

    private static List<Network.InitializedLayer> initialized(
            List<Network.InitializedLayer> layers, Optional<Initializer> chosen) {
        return chosen.map(initializer -> layers.stream()
                        .map(initializedLayer -> new Network.InitializedLayer(initializedLayer.layer(), initializer))
                        .toList())
                .orElse(layers);
    }

    private static Network network(
            ModelSettings settings, List<Network.InitializedLayer> layers, EpisodeLayout layout) {
        Loss loss = layout.classification() ? Loss.SOFTMAX_CROSS_ENTROPY : Loss.MEAN_SQUARED_ERROR;
        BatchNormMode batchNormMode = BatchNormMode.named(settings.batchNorm());
        OptionalInt skip = settings.options().skip() ? OptionalInt.of(layers.size() - 1) : OptionalInt.empty();
        return new Network(
                        Network.Names.PLAIN,
                        batchNormMode.withMode(layers),
                        loss,
                        batchNormMode,
                        layout.features(),
                        layout.outputs(),
                        skip)
                .forExamples(layout);
    }
}
