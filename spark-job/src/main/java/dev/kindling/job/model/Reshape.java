package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * A layer that reshapes examples, images in the order [channels, height, width], like Deeplearning4j's preprocessors between
 * convolutions and dense layers.
 *
 * @param to [features] or [channels, height, width]
 */
record Reshape(Shape to) implements Layer {
    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    @Override
    public Shape output(Shape input) {
        if (input.size() != to.size()) {
            throw new IllegalArgumentException("an example of shape " + input + " cannot become one of shape " + to);
        }
        return to;
    }

    @Override
    public Value apply(ProgramBuilder b, List<Value> parameters, Value x, ForwardContext context) {
        Value ordered = x.shape().rank() == 4 ? b.transpose(x, 0, 3, 1, 2) : x;
        Value shaped = b.reshape(ordered, to.stacked(x.shape().dim(0)));
        return to.rank() == 3 ? b.transpose(shaped, 0, 2, 3, 1) : shaped;
    }
}
