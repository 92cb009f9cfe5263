package dev.kindling.job.model;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/** Networks that are small enough for loops over a definition, unlike the presets. */
public final class SmallNetworks {
    private SmallNetworks() {}

    /** A 3x3 convolution to two channels, batch norm, tanh; output, whose input is [2, 4, 4] for images [1, 4, 4]. */
    public static Model maps(EpisodeLayout layout, String batchNorm) {
        BatchNormMode batchNormMode = BatchNormMode.named(batchNorm);
        List<Network.InitializedLayer> layers = List.of(
                begun(new Convolution(1, 2, WindowSpec.same(3, 1), false, Activation.IDENTITY)),
                begun(new BatchNorm(2)),
                begun(Activation.TANH),
                begun(Dense.withBias(32, layout.outputs(), Activation.IDENTITY)));
        return new Network(
                batchNormMode.withMode(layers),
                Loss.SOFTMAX_CROSS_ENTROPY,
                batchNormMode,
                Shape.of(1, 4, 4),
                layout.outputs());
    }

    /** Two hidden layers of 8 and 6 with batch norm and relu, output: omniglot-fc but for its numbers of units. */
    public static Model normalised(EpisodeLayout layout) {
        BatchNormMode query = BatchNormMode.named("query");
        List<Network.InitializedLayer> layers = new ArrayList<>();
        int in = layout.features().size();
        for (int units : new int[] {8, 6}) {
            layers.add(begun(Dense.withoutBias(in, units, Activation.IDENTITY)));
            layers.add(begun(new BatchNorm(units)));
            layers.add(begun(Activation.RELU));
            in = units;
        }
        layers.add(begun(Dense.withBias(in, layout.outputs(), Activation.IDENTITY)));
        return new Network(
                query.withMode(layers), Loss.SOFTMAX_CROSS_ENTROPY, query, layout.features(), layout.outputs());
    }

    private static Network.InitializedLayer begun(Layer layer) {
        return new Network.InitializedLayer(layer, Initializer.FAN_IN_UNIFORM);
    }
}
