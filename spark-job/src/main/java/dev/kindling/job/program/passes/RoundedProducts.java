package dev.kindling.job.program.passes;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Prevents backends from contracting x ± y·z to one rounding. The elements of a program of exactly rounded elementwise ops
 * (arithmetic, comparison, selection, square root) are then bitwise the same on every backend.
 */
public final class RoundedProducts {
    private RoundedProducts() {}

    /**
     * The program with every sum of a product computed on reshaped arguments: a backend contracts only a product that is itself
     * an argument of the sum, and a reshaped array is the same memory.
     */
    public static Program rewrite(Program program) {
        return Passes.rebuild(
                program, (b, value, images) -> addsProduct(value) ? reshaped(b, value, images) : b.copy(value, images));
    }

    private static boolean addsProduct(Value value) {
        return (value.op() == Op.ADD || value.op() == Op.SUB)
                && value.args().stream().anyMatch(arg -> arg.op() == Op.MUL);
    }

    private static Value reshaped(ProgramBuilder b, Value value, Map<Value, Value> images) {
        Shape shape = value.shape();
        Shape other = Shape.of(
                IntStream.concat(IntStream.of(1), IntStream.of(shape.dims())).toArray());
        Map<Value, Value> flat = new HashMap<>();
        value.args().forEach(arg -> flat.put(arg, b.reshape(Passes.image(images, arg), other)));
        return b.reshape(b.copy(value, flat), shape);
    }
}
