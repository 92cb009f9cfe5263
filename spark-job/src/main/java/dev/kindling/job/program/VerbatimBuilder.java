package dev.kindling.job.program;

import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * Rebuilds the values of a decoded program exactly as they were encoded, in the same order, without the simplification
 * that a {@link ProgramBuilder} applies. Not thread-safe.
 */
public final class VerbatimBuilder {
    private int next;

    /** An input of the given name. */
    public Value input(String name, Shape shape) {
        return new Value(next++, Op.INPUT, List.of(), new Attributes.Named(name), shape);
    }

    /**
     * An op applied to earlier values of this builder.
     *
     * @throws IllegalArgumentException if the op takes another count of arguments or its shape rule refuses them
     */
    public Value value(Op op, List<Value> args, Attributes attributes) {
        if (op.arity() >= 0 && op.arity() != args.size()) {
            throw new IllegalArgumentException(
                    op.printed() + " takes " + op.arity() + " arguments, not " + args.size());
        }
        return new Value(next++, op, args, attributes, ShapeInference.infer(op, args, attributes));
    }
}
