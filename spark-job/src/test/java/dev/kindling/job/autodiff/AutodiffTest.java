package dev.kindling.job.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Gradients with respect to inputs, barriers and other values. */
class AutodiffTest {
    private final ProgramBuilder b = new ProgramBuilder();
    private final Value x = b.input("x", Shape.of(2, 3), Program.Scope.TASK);

    /**
     * Simplification moves the second transposition through the sum, so that the result reads x and not the sum: a gradient
     * with respect to the sum would be zeros, as it once was in two inner steps on a convolution.
     */
    @Test
    void theDerivativeByAValueThatSimplificationRemovedIsRefused() {
        Value sum = b.mul(b.transpose(x, 1, 0), b.constant(2));
        Value y = b.sumAll(b.square(b.transpose(sum, 1, 0)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Autodiff.grad(b, y, List.of(sum)))
                .withMessageContaining("does not contain");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Autodiff.gradOrZeros(b, y, List.of(sum)))
                .withMessageContaining("an input or a barrier");
    }

    @Test
    void theDerivativeByABarrierOfTheSameValueIsDefined() {
        Value sum = b.barrier(b.mul(b.transpose(x, 1, 0), b.constant(2)));
        Value y = b.sumAll(b.square(b.transpose(sum, 1, 0)));
        // y = Σ s², so dy/ds = 2 s = 4 xᵀ.
        assertThat(run(Autodiff.grad(b, y, List.of(sum)).get(0), 1, 2, 3, 4, 5, 6))
                .containsExactly(4, 16, 8, 20, 12, 24);
    }

    @Test
    void theDerivativeByAnInputThatTheResultDoesNotContainIsRefusedUnlessZerosAreRequested() {
        Value other = b.input("other", Shape.of(2), Program.Scope.TASK);
        Value y = b.sumAll(x);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Autodiff.grad(b, y, List.of(x, other)))
                .withMessageContaining(other.toString())
                .withMessageContaining("gradOrZeros");
        assertThat(Autodiff.gradOrZeros(b, y, List.of(x, other)).get(1).isEverywhere(0))
                .isTrue();
    }

    @Test
    void theDerivativeThroughAStopGradientIsZero() {
        Value y = b.sumAll(b.stopGradient(b.square(x)));
        assertThat(Autodiff.grad(b, y, List.of(x)).get(0).isEverywhere(0)).isTrue();
    }

    /** With h = barrier(x²), y = Σ (x + h) has derivative 1 by x and 1 by h: x in h does not count. */
    @Test
    void variablesAreIndependentOfEachOther() {
        Value h = b.barrier(b.square(x));
        Value y = b.sumAll(b.add(x, h));
        List<Value> gradients = Autodiff.grad(b, y, List.of(x, h));
        assertThat(run(gradients.get(0), 1, 2, 3, 4, 5, 6)).containsOnly(1);
        assertThat(run(gradients.get(1), 1, 2, 3, 4, 5, 6)).containsOnly(1);
        // If h is no variable, x counts wherever it is read: 1 + 2x.
        assertThat(run(Autodiff.grad(b, y, List.of(x)).get(0), 1, 2, 3, 4, 5, 6))
                .containsExactly(3, 5, 7, 9, 11, 13);
    }

    private double[] run(Value value, double... numbers) {
        Program program = b.build("gradients", List.of(new Program.Output("g", Program.Reduction.PER_TASK, value)));
        Map<String, double[]> inputs = Map.of("x", numbers, "other", new double[2]);
        return Runs.once(new ReferenceBackend(), Precision.DOUBLE, program, inputs)
                .get("g");
    }
}
