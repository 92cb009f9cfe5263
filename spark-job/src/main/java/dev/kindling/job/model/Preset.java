package dev.kindling.job.model;

import dev.kindling.job.task.EpisodeLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The networks that settings call by name; inputs and outputs fit the episode. */
enum Preset {
    /** Dense 40 relu, 40 relu, output: the sinusoid network of MAML (Finn, Abbeel and Levine 2017, section 5.1). */
    MLP_40_40("mlp-40-40") {
        @Override
        List<Network.Placed> layers(EpisodeLayout layout) {
            return List.of(
                    hidden(layout.features().size(), 40, Activation.RELU),
                    hidden(40, 40, Activation.RELU),
                    hidden(40, layout.outputs(), Activation.IDENTITY));
        }
    },
    /** Dense 40 tanh, output. */
    MLP_40_TANH("mlp-40-tanh") {
        @Override
        List<Network.Placed> layers(EpisodeLayout layout) {
            return List.of(
                    hidden(layout.features().size(), 40, Activation.TANH),
                    hidden(40, layout.outputs(), Activation.IDENTITY));
        }
    },
    /** Dense 256, 128, 64, 64 with batch norm and relu, output: MAML's network without convolutions. */
    OMNIGLOT_FC("omniglot-fc") {
        @Override
        List<Network.Placed> layers(EpisodeLayout layout) {
            List<Network.Placed> layers = new ArrayList<>();
            int in = layout.features().size();
            for (int units : new int[] {256, 128, 64, 64}) {
                layers.add(begun(Dense.withoutBias(in, units, Activation.IDENTITY)));
                layers.add(begun(new BatchNorm(units)));
                layers.add(begun(Activation.RELU));
                in = units;
            }
            layers.add(begun(Dense.withBias(in, layout.outputs(), Activation.IDENTITY)));
            return layers;
        }

        private Network.Placed begun(Layer layer) {
            return new Network.Placed(layer, Initializer.TRUNCATED_NORMAL);
        }
    };

    private final String key;

    Preset(String key) {
        this.key = key;
    }

    /** The layers in order, each with the preset's own initialiser. */
    abstract List<Network.Placed> layers(EpisodeLayout layout);

    private static Network.Placed hidden(int in, int out, Activation activation) {
        return new Network.Placed(Dense.withBias(in, out, activation), Initializer.FAN_IN_UNIFORM);
    }

    /** The preset that settings call so; IllegalArgumentException with the known names if there is none. */
    static Preset named(String key) {
        return Arrays.stream(values())
                .filter(preset -> preset.key.equals(key))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("model.network is " + key + "; it must be one of "
                        + String.join(
                                ", ", Arrays.stream(values()).map(p -> p.key).toList())));
    }
}
