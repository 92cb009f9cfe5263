package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * Dropout (Srivastava et al. 2014), inverted: in passes that have a key, each number is kept with the given probability and
 * divided by it, or becomes 0; in all others nothing happens. The mask is a pure function of the pass's key and the layer's
 * place.
 *
 * @param retained probability of keeping a number, in (0, 1]; what Deeplearning4j configures
 * @param place index of the layer, which keeps its draws apart from other layers'
 */
record Dropout(double retained, int place) implements Layer {
    Dropout {
        if (!(retained > 0 && retained <= 1)) {
            throw new IllegalArgumentException(
                    "dropout keeps a number with probability " + retained + "; it must be above 0 and at most 1");
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
                    Value own = b.concat(0, List.of(key, b.reshape(b.constant(place), Shape.of(1))));
                    Value kept = b.greater(b.constant(retained), b.uniform(own, x.shape()));
                    return b.mul(x, b.mul(kept, b.constant(1 / retained)));
                })
                .orElse(x);
    }

    @Override
    public boolean random() {
        return true;
    }
}
