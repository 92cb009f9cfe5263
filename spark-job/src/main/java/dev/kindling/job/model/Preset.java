package dev.kindling.job.model;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The preset networks, selected by name in {@code model.network}; inputs and outputs are those of the episode. */
enum Preset {
    /** Dense 40 relu, 40 relu, output: the sinusoid network of MAML (Finn, Abbeel and Levine 2017, section 5.1). */
    MLP_40_40("mlp-40-40") {
        @Override
        List<Network.InitializedLayer> layers(EpisodeLayout layout) {
            return List.of(
                    hidden(layout.features().size(), 40, Activation.RELU),
                    hidden(40, 40, Activation.RELU),
                    hidden(40, layout.outputs(), Activation.IDENTITY));
        }
    },
    /** Dense 40 tanh, output. */
    MLP_40_TANH("mlp-40-tanh") {
        @Override
        List<Network.InitializedLayer> layers(EpisodeLayout layout) {
            return List.of(
                    hidden(layout.features().size(), 40, Activation.TANH),
                    hidden(40, layout.outputs(), Activation.IDENTITY));
        }
    },
    /** Dense 256, 128, 64, 64 with batch norm and relu, output: MAML's network without convolutions. */
    OMNIGLOT_FC("omniglot-fc") {
        @Override
        List<Network.InitializedLayer> layers(EpisodeLayout layout) {
            List<Network.InitializedLayer> layers = new ArrayList<>();
            int in = layout.features().size();
            for (int units : new int[] {256, 128, 64, 64}) {
                layers.add(truncated(Dense.withoutBias(in, units, Activation.IDENTITY)));
                layers.add(truncated(new BatchNorm(units)));
                layers.add(truncated(Activation.RELU));
                in = units;
            }
            layers.add(truncated(Dense.withBias(in, layout.outputs(), Activation.IDENTITY)));
            return layers;
        }

        private Network.InitializedLayer truncated(Layer layer) {
            return new Network.InitializedLayer(layer, Initializer.TRUNCATED_NORMAL);
        }
    },
    /** Four convolutions of 64 with stride 2, batch norm and relu, global average pooling, output: MAML's for Omniglot. */
    CONV4("conv4") {
        @Override
        List<Network.InitializedLayer> layers(EpisodeLayout layout) {
            List<Network.InitializedLayer> layers = new ArrayList<>();
            int in = channels(layout, "conv4");
            for (int block = 0; block < 4; block++) {
                convolution(layers, in, 64, WindowSpec.same(3, 2));
                in = 64;
            }
            layers.add(glorot(GlobalPooling.AVERAGE));
            layers.add(head(64, layout));
            return layers;
        }
    },
    /** Four convolutions of 64 with batch norm, relu and 2x2 max pooling, flattened, output: Vinyals et al. 2016. */
    CONV4_POOL("conv4-pool") {
        @Override
        List<Network.InitializedLayer> layers(EpisodeLayout layout) {
            return pooled(layout, "conv4-pool", 64);
        }
    },
    /** As conv4-pool with 32 filters: MAML's for mini-ImageNet. */
    CONV4_POOL_32("conv4-pool-32") {
        @Override
        List<Network.InitializedLayer> layers(EpisodeLayout layout) {
            return pooled(layout, "conv4-pool-32", 32);
        }
    },
    /**
     * Four 3x3 convolutions of 64 with batch norm and relu, the first two without padding and followed by 2x2 max pooling,
     * flattened, output; the input of the output layer are the feature maps of Sung et al. 2018.
     */
    CONV4_RELATION("conv4-relation") {
        @Override
        List<Network.InitializedLayer> layers(EpisodeLayout layout) {
            List<Network.InitializedLayer> layers = new ArrayList<>();
            int in = channels(layout, "conv4-relation");
            for (int block = 0; block < 4; block++) {
                boolean pooled = block < 2;
                convolution(layers, in, 64, pooled ? WindowSpec.whole(3, 1) : WindowSpec.same(3, 1));
                if (pooled) {
                    layers.add(pooling());
                }
                in = 64;
            }
            layers.add(head(outputShape(layers, layout).size(), layout));
            return layers;
        }
    },
    /** Four convolutions of 64 with bias and relu, 2x2 max pooling after the second and fourth, flattened, output. */
    SIMPLE_CNN("simple-cnn") {
        @Override
        List<Network.InitializedLayer> layers(EpisodeLayout layout) {
            List<Network.InitializedLayer> layers = new ArrayList<>();
            int in = channels(layout, "simple-cnn");
            for (int block = 0; block < 4; block++) {
                layers.add(fanIn(new Convolution(in, 64, WindowSpec.same(3, 1), true, Activation.RELU)));
                if (block % 2 == 1) {
                    layers.add(fanIn(new Pooling(Pooling.Kind.MAXIMUM, WindowSpec.whole(2, 2))));
                }
                in = 64;
            }
            int flat = outputShape(layers, layout).size();
            layers.add(fanIn(Dense.withBias(flat, layout.outputs(), Activation.IDENTITY)));
            return layers;
        }

        private Network.InitializedLayer fanIn(Layer layer) {
            return new Network.InitializedLayer(layer, Initializer.FAN_IN_UNIFORM);
        }
    };

    private final String key;

    Preset(String key) {
        this.key = key;
    }

    /** The layers in order, each with the preset's own initialiser. */
    abstract List<Network.InitializedLayer> layers(EpisodeLayout layout);

    private static Network.InitializedLayer hidden(int in, int out, Activation activation) {
        return new Network.InitializedLayer(Dense.withBias(in, out, activation), Initializer.FAN_IN_UNIFORM);
    }

    private static int channels(EpisodeLayout layout, String preset) {
        if (layout.features().rank() != 3) {
            throw new IllegalArgumentException(
                    "model.network is " + preset + ", which needs images [channels, height, width]"
                            + "; an example of this task source is " + layout.features());
        }
        return layout.features().dim(0);
    }

    static Network.InitializedLayer glorot(Layer layer) {
        return new Network.InitializedLayer(layer, Initializer.GLOROT_NORMAL);
    }

    private static Network.InitializedLayer head(int in, EpisodeLayout layout) {
        return new Network.InitializedLayer(
                Dense.withBias(in, layout.outputs(), Activation.IDENTITY), Initializer.TRUNCATED_NORMAL);
    }

    /** Max pooling of 2x2 windows without padding. */
    static Network.InitializedLayer pooling() {
        return glorot(new Pooling(Pooling.Kind.MAXIMUM, WindowSpec.whole(2, 2)));
    }

    /** A convolution without bias, batch norm, relu. */
    static void convolution(List<Network.InitializedLayer> layers, int in, int out, WindowSpec windowSpec) {
        layers.add(glorot(new Convolution(in, out, windowSpec, false, Activation.IDENTITY)));
        layers.add(glorot(new BatchNorm(out)));
        layers.add(glorot(Activation.RELU));
    }

    private static List<Network.InitializedLayer> pooled(EpisodeLayout layout, String preset, int filters) {
        List<Network.InitializedLayer> layers = new ArrayList<>();
        int in = channels(layout, preset);
        for (int block = 0; block < 4; block++) {
            convolution(layers, in, filters, WindowSpec.same(3, 1));
            layers.add(pooling());
            in = filters;
        }
        layers.add(head(outputShape(layers, layout).size(), layout));
        return layers;
    }

    /** The output shape of the given layers for one example, from which a head's inputs are inferred. */
    private static Shape outputShape(List<Network.InitializedLayer> layers, EpisodeLayout layout) {
        Shape shape = layout.features();
        for (int i = 0; i < layers.size(); i++) {
            shape = Network.outputShape(i, layers.get(i).layer(), shape);
        }
        return shape;
    }

    static boolean isNamed(String key) {
        return Arrays.stream(values()).anyMatch(preset -> preset.key.equals(key));
    }

    static List<String> keys() {
        return Arrays.stream(values()).map(preset -> preset.key).toList();
    }

    /** The preset of a name that {@link #isNamed} knows. */
    static Preset named(String key) {
        return Arrays.stream(values())
                .filter(preset -> preset.key.equals(key))
                .findFirst()
                .orElseThrow();
    }
}
