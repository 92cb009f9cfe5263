package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/** A layer that reduces each channel to its mean, maximum or sum over all pixels: [channels, height, width] to [channels]. */
enum GlobalPooling implements Layer {
    AVERAGE {
        @Override
        Value over(ProgramBuilder b, Value pixels) {
            return b.mean(pixels, 1);
        }
    },
    MAXIMUM {
        @Override
        Value over(ProgramBuilder b, Value pixels) {
            return b.max(b.transpose(pixels, 0, 2, 1));
        }
    },
    SUM {
        @Override
        Value over(ProgramBuilder b, Value pixels) {
            return b.sum(pixels, 1);
        }
    };

    /** From [examples, pixels, channels] to [examples, channels]. */
    abstract Value over(ProgramBuilder b, Value pixels);

    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    @Override
    public Shape output(Shape input) {
        if (input.rank() != 3) {
            throw new IllegalArgumentException("global pooling cannot take examples of shape " + input
                    + "; they must be [channels, height, width]");
        }
        return Shape.of(input.dim(0));
    }

    @Override
    public Value apply(ProgramBuilder b, List<Value> parameters, Value x, ForwardContext context) {
        Shape shape = x.shape();
        return over(b, b.reshape(x, Shape.of(shape.dim(0), shape.dim(1) * shape.dim(2), shape.dim(3))));
    }
}
