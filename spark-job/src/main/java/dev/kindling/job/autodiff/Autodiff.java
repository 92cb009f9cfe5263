package dev.kindling.job.autodiff;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.TopologicalOrder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Computes gradients of scalars in reverse mode, as further values of the same builder. Differentiate the result again for
 * higher orders.
 *
 * <p>A derivative is taken with respect to inputs or {@linkplain ProgramBuilder#barrier barriers}, because simplification may
 * remove any other value from what was computed with it. These are treated as independent variables: if one is computed
 * from another, that dependence does not enter the derivative.
 */
public final class Autodiff {
    private Autodiff() {}

    /**
     * The gradient of a scalar with respect to each of the given values, in its shape. Zeros where the scalar contains a value
     * but is constant in it, for example after a stop-gradient.
     *
     * @throws IllegalArgumentException if {@code y} is not a scalar, or a value is neither an input nor a barrier, or {@code
     *     y} does not contain it
     */
    public static List<Value> grad(ProgramBuilder b, Value y, List<Value> wrt) {
        Set<Value> contained = new HashSet<>(TopologicalOrder.of(List.of(y)));
        for (Value value : wrt) {
            if (!contained.contains(value)) {
                throw new IllegalArgumentException("the gradient of " + y + " is undefined with respect to " + value
                        + ", which it does not contain; call gradOrZeros for zeros");
            }
        }
        return gradOrZeros(b, y, wrt);
    }

    /**
     * The gradient of a scalar with respect to each of the given values; zeros for a value that it does not contain.
     *
     * @throws IllegalArgumentException if {@code y} is not a scalar, or a value is neither an input nor a barrier
     */
    public static List<Value> gradOrZeros(ProgramBuilder b, Value y, List<Value> wrt) {
        if (!y.shape().equals(Shape.scalar())) {
            throw new IllegalArgumentException("only a scalar has a gradient; " + y + " has shape " + y.shape());
        }
        wrt.forEach(Autodiff::requireVariable);
        List<@Nullable Value> found = ReverseMode.vjp(b, List.of(y), List.of(b.constant(1)), wrt);
        List<Value> filled = new ArrayList<>();
        for (int i = 0; i < wrt.size(); i++) {
            Value value = found.get(i);
            filled.add(value == null ? b.full(wrt.get(i).shape(), 0) : value);
        }
        return filled;
    }

    private static void requireVariable(Value value) {
        if (value.op() != Op.INPUT && value.op() != Op.BARRIER) {
            throw new IllegalArgumentException(
                    "a derivative is taken with respect to an input or a barrier; " + value + " is neither");
        }
    }
}
