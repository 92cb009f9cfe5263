package dev.kindling.job.autodiff;

import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reverse-mode differentiation of values. */
public final class Gradients {
    private Gradients() {}

    /**
     * The derivatives of a scalar with respect to the given values, written as further values of the same builder; a value
     * on which it does not depend has a derivative of zeros. Apply it to what it returns for the next order.
     *
     * @throws IllegalArgumentException if {@code y} is not a scalar
     */
    public static List<Value> of(Builder b, Value y, List<Value> wrt) {
        if (!y.shape().equals(Shape.scalar())) {
            throw new IllegalArgumentException("only a scalar has a gradient; " + y + " has shape " + y.shape());
        }
        return products(b, List.of(y), List.of(b.constant(1)), wrt);
    }

    /**
     * Vector-Jacobian products: the derivatives of Σ cotangent·output with respect to the given values.
     *
     * @param cotangents one for each output, of its shape
     */
    public static List<Value> products(Builder b, List<Value> outputs, List<Value> cotangents, List<Value> wrt) {
        List<@Nullable Value> found = Reverse.pull(b, outputs, cotangents, wrt);
        List<Value> filled = new ArrayList<>();
        for (int i = 0; i < wrt.size(); i++) {
            Value value = found.get(i);
            filled.add(value == null ? b.full(wrt.get(i).shape(), 0) : value);
        }
        return filled;
    }
}
