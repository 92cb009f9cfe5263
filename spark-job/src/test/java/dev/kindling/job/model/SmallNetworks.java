package dev.kindling.job.model;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
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

    private static Network.InitializedLayer begun(Layer layer) {
        return new Network.InitializedLayer(layer, Initializer.FAN_IN_UNIFORM);
    }
}
