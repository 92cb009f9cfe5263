package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/** A layer of a network: maps values to values, with parameters of its own. Immutable. */
public interface Layer {
    /** The trained parameters and running statistics, in order; empty for a layer without any. */
    List<Parameter> parameters();

    /**
     * The output shape of one example for an input shape: [features] or [channels, height, width].
     *
     * @throws IllegalArgumentException if the layer does not accept such an example
     */
    Shape output(Shape input);

    /** Whether the layer draws random numbers in passes with a key. */
    default boolean random() {
        return false;
    }

    /** {@link Model#mixesExamples} of this layer. */
    default boolean mixesExamples() {
        return false;
    }

    /**
     * The statistics of a batch that the layer's running statistics average, in the order of their parameters.
     *
     * @param x as for {@link #apply}
     */
    default List<Value> runningStatistics(ProgramBuilder b, Value x) {
        return List.of();
    }

    /**
     * The layer's output for a batch. Images are channels-last here, [examples, height, width, channels]: parameters with one
     * number per channel broadcast along the last axis, and convolutions reduce over it.
     *
     * @param parameters a value for each of {@link #parameters()}, in their order
     * @param x [examples, ...input]
     * @return [examples, ...output(input)]
     */
    Value apply(ProgramBuilder b, List<Value> parameters, Value x, ForwardContext context);
}
