package dev.kindling.job.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The tables keyed by op are complete; derivatives and kernels have the same test in their packages. */
class OpTablesTest {
    @Test
    void everyOpHasAShapeRule() {
        assertThat(ShapeInference.known()).containsExactlyInAnyOrder(Op.values());
    }

    @Test
    void everyElementwiseOpOfOneOrTwoArgumentsIsDefinedOnScalars() {
        Arrays.stream(Op.values())
                .filter(op -> op.elementwise() && op.arity() == 1)
                .forEach(op -> assertThatCode(() -> ScalarOps.apply(op, 0.5)).doesNotThrowAnyException());
        Arrays.stream(Op.values())
                .filter(op -> op.elementwise() && op.arity() == 2)
                .forEach(op -> assertThatCode(() -> ScalarOps.apply(op, 0.5, 2)).doesNotThrowAnyException());
    }
}
