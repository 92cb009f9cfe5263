package dev.kindling.job.program;

import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * Puts together the values of a program that was built before and comes back from bytes: each value exactly as it is
 * said, in the order in which it is said. What a {@link ProgramBuilder} would simplify stays as it was. Not thread-safe.
 */
public final class VerbatimBuilder {
    private int next;

    /** An input of the given name. */
    public Value input(String name, Shape shape) {
        return new Value(next++, Op.INPUT, List.of(), new Attributes.Named(name), shape);
    }

    /**
     * An op applied to earlier values of this assembler.
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
