package dev.kindling.job.model;

import dev.kindling.job.task.EpisodeLayout;
import java.util.List;

/** Makes models from settings. */
public final class Models {
    private Models() {}

    /** The configured network, with inputs, outputs and loss as the episode needs them. */
    public static Model of(ModelSettings settings, EpisodeLayout layout) {
        List<Network.Placed> layers = Preset.named(settings.network()).layers(layout);
        if (!settings.initializer().equals(ModelSettings.PRESETS_OWN)) {
            Initializer chosen = Initializer.named(settings.initializer());
            layers = layers.stream()
                    .map(placed -> new Network.Placed(placed.layer(), chosen))
                    .toList();
        }
        Loss loss = layout.classification() ? Loss.SOFTMAX_CROSS_ENTROPY : Loss.MEAN_SQUARED_ERROR;
        Normalisation normalisation = Normalisation.named(settings.batchNorm());
        layers = layers.stream()
                .map(placed -> new Network.Placed(normalisation.normalising(placed.layer()), placed.initializer()))
                .toList();
        return new Network(layers, loss, normalisation, layout.features(), layout.outputs());
    }
}
