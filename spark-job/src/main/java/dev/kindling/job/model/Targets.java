package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.Optional;

/**
 * The targets of a batch of examples.
 *
 * @param y [examples, outputs] for regression, [examples] integers from 0 for classification
 * @param weights [examples], at least 0; empty if all examples have the same weight
 */
public record Targets(Value y, Optional<Value> weights) {
    /** Targets of examples of the same weight. */
    public static Targets of(Value y) {
        return new Targets(y, Optional.empty());
    }

    /** Targets of examples with weights, [examples]. */
    public static Targets weighted(Value y, Value weights) {
        return new Targets(y, Optional.of(weights));
    }

    /**
     * The mean over all elements of an array [examples, ...], a scalar. With weights w it is Σ w_i m_i / Σ w_i of the means
     * m_i of each example, and 0 if all weights are 0; elements of examples of weight 0 have no effect.
     */
    public Value mean(ProgramBuilder b, Value elements) {
        if (weights.isEmpty()) {
            return b.meanAll(elements);
        }
        int examples = elements.shape().dim(0);
        Value rows = b.reshape(elements, Shape.of(examples, elements.shape().size() / examples));
        Value each = rows.shape().dim(1) == 1 ? b.reshape(rows, Shape.of(examples)) : b.mean(rows, 1);
        Value w = weights.get();
        Value total = b.sumAll(w);
        Value weighted = b.select(b.greater(w, b.constant(0)), b.mul(w, each), b.constant(0));
        return b.div(b.sumAll(weighted), b.select(b.greater(total, b.constant(0)), total, b.constant(1)));
    }
}
