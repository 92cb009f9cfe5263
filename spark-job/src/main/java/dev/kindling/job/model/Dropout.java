package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * Inverted dropout (Srivastava et al. 2014): in forward passes with a key, each number is retained with the given probability
 * and divided by it, or set to 0; other passes are the identity. The mask is a pure function of the pass's key and the
 * layer's index.
 *
 * @param retained probability of retaining a number, in (0, 1], as in Deeplearning4j
 * @param layer index of the layer, so that layers draw different masks
 */
record Dropout(double retained, int layer) implements Layer {
    Dropout {
        if (!(retained > 0 && retained <= 1)) {
            throw new IllegalArgumentException(
                    "dropout retains a number with probability " + retained + "; it must be above 0 and at most 1");
        }
    }

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
        return context.key()
                .map(key -> {
                    Value layerKey = b.concat(0, List.of(key, b.reshape(b.constant(layer), Shape.of(1))));
                    Value mask = b.greater(b.constant(retained), b.uniform(layerKey, x.shape()));
                    return b.mul(x, b.mul(mask, b.constant(1 / retained)));
                })
                .orElse(x);
    }

    @Override
    public boolean random() {
        return true;
    }
}
