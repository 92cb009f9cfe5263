package dev.kindling.job.model;

import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Creates the networks that a method trains in addition to the configured one; their parameter names have a prefix. Their loss
 * is the mean squared error.
 */
public final class AuxiliaryNetworks {
    private static final int FILTERS = 64;
    private static final int HIDDEN = 8;
    private static final int SMALLEST_MAP = 4;

    private AuxiliaryNetworks() {}

    /**
     * Fully connected layers with relu between them and a linear last one; weights and biases are initialised uniformly in
     * ±1/√fan-in.
     *
     * @param prefix of the names of all arrays
     * @param first index of the first layer, whose arrays are {@code <prefix><first>_W} and {@code _b}
     * @param widths of the input, then of each layer
     */
    public static Model perceptron(String prefix, int first, List<Integer> widths) {
        List<Network.InitializedLayer> layers = new ArrayList<>();
        int last = widths.size() - 1;
        for (int i = 0; i < last; i++) {
            Activation activation = i == last - 1 ? Activation.IDENTITY : Activation.RELU;
            Layer layer = Dense.withBias(widths.get(i), widths.get(i + 1), activation);
            layers.add(new Network.InitializedLayer(layer, Initializer.FAN_IN_UNIFORM));
        }
        return new Network(
                new Network.Names(prefix, first),
                layers,
                Loss.MEAN_SQUARED_ERROR,
                BatchNormMode.QUERY,
                Shape.of(widths.get(0)),
                widths.get(last),
                OptionalInt.empty());
    }

    /**
     * The relation module of Sung et al., CVPR 2018, figure 2, with the padding and pooling of their code for Omniglot: maps
     * the concatenated channels of two feature maps, [2 · channels · height · width] for an example, to a score between 0 and
     * 1. Two 3x3 convolutions of 64, each with batch norm, relu and 2x2 max pooling; dense 8 relu;
     * dense 1 sigmoid. Batch norm has the encoder's mode.
     *
     * @param encoder the network whose outputs are the feature maps
     * @throws IllegalArgumentException if the encoder's output is not feature maps, or too small to be pooled twice
     */
    public static Model relation(String prefix, Model encoder) {
        if (!(encoder instanceof Network network)) {
            throw new IllegalArgumentException("a relation module needs an encoder that is a network of layers");
        }
        Shape maps = network.outputShape();
        if (maps.rank() != 3 || maps.dim(1) < SMALLEST_MAP || maps.dim(2) < SMALLEST_MAP) {
            throw new IllegalArgumentException("model.network gives " + maps
                    + " before its output layer; algorithm.name = relation-net needs feature maps [channels, "
                    + "height, width] of at least " + SMALLEST_MAP + "x" + SMALLEST_MAP
                    + " pixels there, such as those of conv4-relation for images of 22x22 and more");
        }
        Shape pair = maps.with(0, 2 * maps.dim(0));
        BatchNormMode batchNormMode = network.batchNormMode();
        return new Network(
                new Network.Names(prefix, 0),
                batchNormMode.withMode(layers(pair)),
                Loss.MEAN_SQUARED_ERROR,
                batchNormMode,
                Shape.of(pair.size()),
                1,
                OptionalInt.empty());
    }

    private static List<Network.InitializedLayer> layers(Shape pair) {
        List<Network.InitializedLayer> layers = new ArrayList<>();
        Preset.convolution(layers, pair.dim(0), FILTERS, WindowSpec.same(3, 1));
        layers.add(Preset.pooling());
        Preset.convolution(layers, FILTERS, FILTERS, WindowSpec.same(3, 1));
        layers.add(Preset.pooling());
        Network.InitializedLayer first = layers.get(0);
        layers.set(
                0,
                new Network.InitializedLayer(
                        WithPreprocessor.of(List.of(new Reshape(pair)), first.layer()), first.initializer()));
        int flat = FILTERS * (pair.dim(1) / 4) * (pair.dim(2) / 4);
        layers.add(Preset.glorot(Dense.withBias(flat, HIDDEN, Activation.RELU)));
        layers.add(Preset.glorot(Dense.withBias(HIDDEN, 1, Activation.SIGMOID)));
        return layers;
    }
}
