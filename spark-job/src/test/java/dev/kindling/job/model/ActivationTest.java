package dev.kindling.job.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares activations and their derivatives with formulas, including at 0, the value of blank paper in Omniglot. */
class ActivationTest {
    private static final double[] AT = {-30, -2, -0.5, 0, 0.5, 2, 30};

    @ParameterizedTest
    @EnumSource(Activation.class)
    void valuesAndTwoDerivativesAreThoseOfTheFormula(Activation activation) {
        Map<String, double[]> found = derivatives(activation);
        for (int i = 0; i < AT.length; i++) {
            double[] expected = expected(activation, AT[i]);
            for (int order = 0; order < 3; order++) {
                assertThat(found.get("order " + order)[i])
                        .as(activation + ", order " + order + " at " + AT[i])
                        .isCloseTo(expected[order], within(1e-14));
            }
        }
    }

    /** Value, derivative and second derivative; at a kink the left one, as in PyTorch and Deeplearning4j. */
    private static double[] expected(Activation activation, double x) {
        double sigmoid = 1 / (1 + Math.exp(-x));
        boolean positive = x > 0;
        return switch (activation) {
            case IDENTITY -> new double[] {x, 1, 0};
            case RELU -> new double[] {Math.max(x, 0), positive ? 1 : 0, 0};
            case TANH -> {
                double t = Math.tanh(x);
                yield new double[] {t, 1 - t * t, -2 * t * (1 - t * t)};
            }
            case SIGMOID ->
                new double[] {sigmoid, sigmoid * (1 - sigmoid), sigmoid * (1 - sigmoid) * (1 - 2 * sigmoid)};
            case LEAKY_RELU -> new double[] {positive ? x : 0.01 * x, positive ? 1 : 0.01, 0};
            case ELU ->
                new double[] {positive ? x : Math.expm1(x), positive ? 1 : Math.exp(x), positive ? 0 : Math.exp(x)};
            case SILU ->
                new double[] {
                    x * sigmoid,
                    sigmoid * (1 + x * (1 - sigmoid)),
                    sigmoid * (1 - sigmoid) * (2 + x * (1 - 2 * sigmoid))
                };
            case SOFTPLUS ->
                new double[] {Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), sigmoid, sigmoid * (1 - sigmoid)};
        };
    }

    @Test
    void largeNumbersDoNotOverflow() {
        for (Activation activation : Activation.values()) {
            Map<String, double[]> found = derivatives(activation, -1000, 1000);
            found.values().forEach(numbers -> assertThat(numbers).doesNotContain(Double.NaN, Double.POSITIVE_INFINITY));
        }
    }

    private static Map<String, double[]> derivatives(Activation activation, double... x) {
        double[] at = x.length == 0 ? AT : x;
        ProgramBuilder b = new ProgramBuilder();
        Value in = b.input("x", Shape.of(at.length), Program.Scope.TASK);
        Value out = activation.of(b, in);
        Value first = Autodiff.grad(b, b.sumAll(out), List.of(in)).get(0);
        Value second = Autodiff.gradOrZeros(b, b.sumAll(first), List.of(in)).get(0);
        Program program = b.build(
                "activation",
                List.of(
                        new Program.Output("order 0", Program.Reduction.PER_TASK, out),
                        new Program.Output("order 1", Program.Reduction.PER_TASK, first),
                        new Program.Output("order 2", Program.Reduction.PER_TASK, second)));
        return Runs.once(Backends.named("vector"), Precision.DOUBLE, program, Map.of("x", at));
    }
}
