package dev.kindling.job.autodiff;

import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Value;
import java.util.List;

/** Reverse-mode differentiation, program to program. */
public final class Gradients {
    private Gradients() {}

    /**
     * The derivatives of a scalar with respect to the given values, written as further values of the same builder; a value
     * on which it does not depend has a derivative of zeros. Apply it to what it returns for the next order.
     */
    public static List<Value> of(Builder b, Value y, List<Value> wrt) {
        throw new IllegalStateException("comes with the next commit");
    }
}
