package dev.kindling.job.model;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses a network written layer by layer in {@code model.network}, separated by commas, such as
 * {@code conv-64-3-2, batch-norm, relu, global-average}; a linear output layer is added. Weights are initialised
 * fan-in-uniform.
 */
final class LayerSequence {
    /** The forms of a layer, for error messages. */
    static final String GRAMMAR =
            "dense-UNITS[-ACTIVATION], conv-FILTERS-KERNEL[-STRIDE], max-pool-SIZE, average-pool-SIZE, "
                    + "global-average, global-max, batch-norm, layer-norm, dropout-SHARE and activations, separated by commas";

    private static final Pattern DENSE = Pattern.compile("dense-(\\d{1,6})(?:-([a-z-]+))?");
    private static final Pattern CONVOLUTION = Pattern.compile("conv-(\\d{1,5})-(\\d{1,2})(?:-(\\d{1,2}))?");
    private static final Pattern POOLING = Pattern.compile("(max|average)-pool-(\\d{1,2})");
    private static final Pattern DROPOUT = Pattern.compile("dropout-(0?\\.\\d+)");
    private static final Pattern MLP = Pattern.compile("mlp((?:-\\d{1,6})+)(?:-([a-z-]+))?");

    private final String network;
    private final EpisodeLayout layout;
    private final List<Layer> layers = new ArrayList<>();
    private Shape shape;

    private LayerSequence(String network, EpisodeLayout layout) {
        this.network = network;
        this.layout = layout;
        this.shape = layout.features();
    }

    /**
     * The same network with its layers written out, if the text is a sequence of layers or {@code mlp-UNITS...}; else
     * empty. Only the latter can have dropout or layer norm by option.
     */
    static Optional<String> written(String network, NetworkOptions options) {
        Matcher mlp = MLP.matcher(network);
        if (mlp.matches()) {
            String activation = mlp.group(2) == null ? "relu" : mlp.group(2);
            String separator = options.layerNorm() ? ", layer-norm, " : "-";
            List<String> hidden = new ArrayList<>();
            for (String units : mlp.group(1).substring(1).split("-", -1)) {
                hidden.add("dense-" + units + separator + activation);
                if (options.dropout() > 0) {
                    hidden.add("dropout-" + BigDecimal.ONE.subtract(BigDecimal.valueOf(options.dropout())));
                }
            }
            return sequence(String.join(", ", hidden));
        }
        return options.changesLayers() ? Optional.empty() : sequence(network);
    }

    private static Optional<String> sequence(String network) {
        for (String layer : network.split(",", -1)) {
            if (!isLayer(layer.strip())) {
                return Optional.empty();
            }
        }
        return Optional.of(network);
    }

    private static boolean isLayer(String layer) {
        Matcher dense = DENSE.matcher(layer);
        return dense.matches()
                ? dense.group(2) == null || activation(dense.group(2)).isPresent()
                : CONVOLUTION.matcher(layer).matches()
                        || POOLING.matcher(layer).matches()
                        || DROPOUT.matcher(layer).matches()
                        || List.of("global-average", "global-max", "batch-norm", "layer-norm")
                                .contains(layer)
                        || activation(layer).isPresent();
    }

    private static Optional<Activation> activation(String name) {
        for (Activation activation : Activation.values()) {
            if (activation.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(name)) {
                return Optional.of(activation);
            }
        }
        return Optional.empty();
    }

    /**
     * The layers, the output layer included.
     *
     * @param written a text that {@link #written} gives
     * @param skip whether the output layer reads the inputs beside the output of the layers
     * @throws IllegalArgumentException if a layer does not accept the output of the layer before it
     */
    static List<Network.InitializedLayer> layers(String written, boolean skip, EpisodeLayout layout) {
        LayerSequence sequence = new LayerSequence(written, layout);
        for (String layer : written.split(",", -1)) {
            sequence.add(layer.strip());
        }
        int inputs = sequence.shape.size() + (skip ? layout.features().size() : 0);
        sequence.layers.add(Dense.withBias(inputs, layout.outputs(), Activation.IDENTITY));
        return sequence.layers.stream()
                .map(layer -> new Network.InitializedLayer(layer, Initializer.FAN_IN_UNIFORM))
                .toList();
    }

    private void add(String layer) {
        Matcher dense = DENSE.matcher(layer);
        Matcher convolution = CONVOLUTION.matcher(layer);
        Matcher pooling = POOLING.matcher(layer);
        Matcher dropout = DROPOUT.matcher(layer);
        if (dense.matches()) {
            Activation then = dense.group(2) == null
                    ? Activation.IDENTITY
                    : activation(dense.group(2)).orElseThrow();
            add(Dense.withBias(shape.size(), Integer.parseInt(dense.group(1)), then));
        } else if (convolution.matches()) {
            int stride = convolution.group(3) == null ? 1 : Integer.parseInt(convolution.group(3));
            WindowSpec window = WindowSpec.same(Integer.parseInt(convolution.group(2)), stride);
            add(new Convolution(
                    channels(layer), Integer.parseInt(convolution.group(1)), window, true, Activation.IDENTITY));
        } else if (pooling.matches()) {
            int size = Integer.parseInt(pooling.group(2));
            Pooling.Kind kind = pooling.group(1).equals("max") ? Pooling.Kind.MAXIMUM : Pooling.Kind.AVERAGE;
            channels(layer);
            add(new Pooling(kind, WindowSpec.whole(size, size)));
        } else if (dropout.matches()) {
            add(new Dropout(Double.parseDouble(dropout.group(1)), layers.size()));
        } else {
            switch (layer) {
                case "global-average" -> addGlobal(layer, GlobalPooling.AVERAGE);
                case "global-max" -> addGlobal(layer, GlobalPooling.MAXIMUM);
                case "batch-norm" -> add(new BatchNorm(shape.dim(0)));
                case "layer-norm" -> add(new LayerNorm(shape.size()));
                default -> add(activation(layer).orElseThrow());
            }
        }
    }

    private void addGlobal(String layer, GlobalPooling pooling) {
        channels(layer);
        add(pooling);
    }

    private int channels(String layer) {
        if (shape.rank() != 3) {
            throw new IllegalArgumentException("model.network is " + network + ", whose layer " + layer
                    + " needs images [channels, height, width]; before it an example of these tasks "
                    + layout.features() + " is " + shape);
        }
        return shape.dim(0);
    }

    private void add(Layer layer) {
        shape = Network.outputShape(layers.size(), layer, shape);
        layers.add(layer);
    }
}
