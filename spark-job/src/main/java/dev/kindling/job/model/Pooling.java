package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/** A pooling layer: the maximum or mean of each window of images, channel by channel; padding is excluded from both. */
record Pooling(Kind kind, WindowSpec windowSpec) implements Layer {
    /** The reduction of a window. */
    enum Kind {
        MAXIMUM,
        AVERAGE
    }

    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    @Override
    public Shape output(Shape input) {
        if (input.rank() != 3) {
            throw new IllegalArgumentException(
                    "pooling cannot take examples of shape " + input + "; they must be [channels, height, width]");
        }
        Window window = windowSpec.over(input.dim(1), input.dim(2));
        return Shape.of(input.dim(0), window.outHeight(), window.outWidth());
    }

    @Override
    public Value apply(ProgramBuilder b, List<Value> parameters, Value x, ForwardContext context) {
        Window window = windowSpec.over(x.shape().dim(1), x.shape().dim(2));
        if (kind == Kind.MAXIMUM) {
            return b.maxPool(x, window);
        }
        Value counts = b.windowSum(b.full(Shape.of(1, window.height(), window.width(), 1), 1), window);
        return b.div(b.windowSum(x, window), counts);
    }
}
