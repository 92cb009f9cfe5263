package dev.kindling.job.model;

import dev.kindling.job.task.EpisodeLayout;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.StreamSupport;

/**
 * The networks that {@code model.network} names without a file: presets, sequences of layers, and those of registered
 * {@link NetworkProvider}s.
 */
final class NamedNetworks {
    private NamedNetworks() {}

    static boolean has(String network) {
        return Preset.isNamed(network)
                || LayerSequence.written(network, NetworkOptions.NONE).isPresent()
                || provider(network).isPresent();
    }

    /** Refuses a name that no network has, or options that it does not have, with IllegalArgumentException. */
    static void require(String network, NetworkOptions options) {
        if (!has(network)) {
            throw new IllegalArgumentException("model.network is " + network + "; it must be one of "
                    + String.join(", ", Preset.keys()) + ", mlp-UNITS[-UNITS...][-ACTIVATION], layers ("
                    + LayerSequence.GRAMMAR
                    + "), or the path of a Deeplearning4j configuration (JSON) or zip that is there");
        }
        if (!options.equals(NetworkOptions.NONE)
                && LayerSequence.written(network, options).isEmpty()) {
            throw new IllegalArgumentException(options.clause() + " and model.network is " + network
                    + "; it must be mlp-UNITS[-UNITS...][-ACTIVATION]"
                    + (options.changesLayers()
                            ? ", or layers with dropout-SHARE and layer-norm among them"
                            : " or layers"));
        }
    }

    /** The layers of a network in order, each with its initialiser. */
    static List<Network.InitializedLayer> layers(String network, NetworkOptions options, EpisodeLayout layout) {
        require(network, options);
        if (Preset.isNamed(network) && options.equals(NetworkOptions.NONE)) {
            return Preset.named(network).layers(layout);
        }
        Optional<String> written = LayerSequence.written(network, options);
        if (written.isPresent()) {
            return LayerSequence.layers(written.get(), options.skip(), layout);
        }
        return provider(network).orElseThrow().layers(layout).stream()
                .map(layer -> new Network.InitializedLayer(layer, Initializer.FAN_IN_UNIFORM))
                .toList();
    }

    private static Optional<NetworkProvider> provider(String network) {
        return StreamSupport.stream(
                        ServiceLoader.load(NetworkProvider.class, NamedNetworks.class.getClassLoader())
                                .spliterator(),
                        false)
                .filter(provider -> provider.name().equals(network))
                .findFirst();
    }
}
