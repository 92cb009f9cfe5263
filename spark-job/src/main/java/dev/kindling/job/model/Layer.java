package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/** One layer of a network: values from values, over parameters of its own. Immutable. */
public interface Layer {
    /** What is trained or follows statistics, in order; empty for a layer that has nothing to learn. */
    List<Parameter> parameters();

    /**
     * The shape of one example behind the layer, from its shape in front: [features], or [channels, height, width].
     *
     * @throws IllegalArgumentException if the layer cannot take such an example
     */
    Shape output(Shape input);

    /** Whether the layer draws random numbers in passes that have a key. */
    default boolean random() {
        return false;
    }

    /**
     * What the arrays that follow statistics follow: for each of them, in order, its value for a batch.
     *
     * @param x as for {@link #apply}
     */
    default List<Value> runningStatistics(ProgramBuilder b, Value x) {
        return List.of();
    }

    /**
     * The layer's output for a batch. Images stand channels-last here, [examples, height, width, channels]: so their last
     * axis is that of parameters of one number a channel, and convolutions run over it.
     *
     * @param parameters a value for each of {@link #parameters()}, in their order
     * @param x [examples, ...input]
     * @return [examples, ...output(input)]
     */
    Value apply(ProgramBuilder b, List<Value> parameters, Value x, ForwardContext context);
}
