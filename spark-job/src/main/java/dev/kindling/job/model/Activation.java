package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * An element-wise activation function. Part of a dense or convolutional layer, or a layer of its own after batch norm, with
 * an index as in Deeplearning4j.
 */
enum Activation implements Layer {
    IDENTITY {
        @Override
        Value of(ProgramBuilder b, Value x) {
            return x;
        }
    },
    RELU {
        @Override
        Value of(ProgramBuilder b, Value x) {
            return b.relu(x);
        }
    },
    TANH {
        @Override
        Value of(ProgramBuilder b, Value x) {
            return b.tanh(x);
        }
    },
    SIGMOID {
        @Override
        Value of(ProgramBuilder b, Value x) {
            return b.sigmoid(x);
        }
    },
    /** x where it is positive, else 0.01 x. */
    LEAKY_RELU {
        @Override
        Value of(ProgramBuilder b, Value x) {
            return b.select(b.greater(x, b.constant(0)), x, b.mul(x, b.constant(LEAK)));
        }
    },
    /** x where it is positive, else exp(x) - 1. */
    ELU {
        /** The argument of exp is clamped to at most 0, so that nothing overflows; the derivative at 0 is 1. */
        @Override
        Value of(ProgramBuilder b, Value x) {
            Value positive = b.greater(x, b.constant(0));
            return b.select(positive, x, b.expm1(b.select(positive, b.constant(0), x)));
        }
    },
    /** x σ(x) (Elfwing, Uchibe and Doya 2018), Deeplearning4j's swish. */
    SILU {
        @Override
        Value of(ProgramBuilder b, Value x) {
            return b.mul(x, b.sigmoid(x));
        }
    },
    /** log(1 + exp(x)). */
    SOFTPLUS {
        /** max(x, 0) + log1p(exp(-|x|)), which cannot overflow; at 0 the slope of |x| is -1 and that of the maximum 0. */
        @Override
        Value of(ProgramBuilder b, Value x) {
            Value magnitude = b.select(b.greater(x, b.constant(0)), x, b.neg(x));
            return b.add(b.relu(x), b.log1p(b.exp(b.neg(magnitude))));
        }
    };

    private static final double LEAK = 0.01;

    abstract Value of(ProgramBuilder b, Value x);

    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    @Override
    public Shape output(Shape input) {
        return input;
    }

    @Override
    public Value apply(ProgramBuilder b, List<Value> parameters, Value x, ForwardContext context) {
        return of(b, x);
    }
}
