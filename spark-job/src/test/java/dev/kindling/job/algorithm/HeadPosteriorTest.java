package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.autodiff.FiniteDifferences;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.TensorCases;
import dev.kindling.job.tensor.TensorCases.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Posteriors of heads against NumPy and SciPy, with more and with fewer examples than features, and with a process in the order of
 * examples; {@code heads.py}.
 */
class HeadPosteriorTest {
    private static final double GAUSSIAN = 0;
    private static final double LAPLACE = 1;
    private static final double RIDGE = 2;
    private static final double GAUSSIAN_ORDERED = 3;
    private static final double SOFTMAX_ORDERED = 5;

    @ParameterizedTest
    @ValueSource(strings = {"reference", "vector"})
    void posteriorsAreThoseOfNumPy(String backend) {
        List<Map<String, Tensor>> cases = TensorCases.read(HeadPosteriorTest.class, "heads.txt");
        assertThat(cases).hasSize(16);
        for (Map<String, Tensor> given : cases) {
            Map<String, double[]> inputs = new LinkedHashMap<>();
            given.forEach((name, tensor) -> inputs.put(name, tensor.elements()));
            Map<String, double[]> found = Runs.once(Backends.named(backend), Precision.DOUBLE, program(given), inputs);
            found.forEach((name, numbers) ->
                    assertThat(numbers).as(name).containsExactly(given.get(name).elements(), within(1e-9)));
        }
    }

    private static Program program(Map<String, Tensor> given) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> inputs = new LinkedHashMap<>();
        given.forEach((name, tensor) -> inputs.put(name, b.input(name, tensor.shape(), Program.Scope.TASK)));
        double kind = given.get("kind").elements()[0];
        Map<String, Value> outputs = new LinkedHashMap<>();
        if (kind == RIDGE) {
            HeadPosterior.Fitted fitted = new LinearHeadPosterior(
                            b, inputs.get("psi"), inputs.get("query-psi"), inputs.get("weights"))
                    .ofTargets(inputs.get("targets"));
            outputs.put("mean", fitted.query());
            outputs.put("fitted", fitted.support());
        } else if (kind == SOFTMAX_ORDERED) {
            outputs.put(
                    "logits",
                    new SoftmaxPosterior(b, ordered(b, inputs), inputs.get("weights"))
                            .logits(inputs.get("labels"), inputs.get("prior"), inputs.get("query-prior")));
        } else {
            HeadPosterior posterior = kind == GAUSSIAN || kind == LAPLACE
                    ? new LinearHeadPosterior(b, inputs.get("psi"), inputs.get("query-psi"), inputs.get("weights"))
                    : new CovariancePosterior(b, ordered(b, inputs), inputs.get("weights"));
            if (kind == GAUSSIAN || kind == GAUSSIAN_ORDERED) {
                HeadPosterior.Predicted predicted = posterior.ofValues(inputs.get("residual"), inputs.get("noise"));
                outputs.put("mean", predicted.mean());
                outputs.put("variance", predicted.variance());
            } else {
                HeadPosterior.PredictedClasses predicted =
                        posterior.ofClasses(inputs.get("labels"), inputs.get("prior"));
                outputs.put("mean", predicted.mean());
                outputs.put("variance", predicted.variance());
                outputs.put("mode", predicted.support());
            }
        }
        return b.build("head", NamedValues.outputs(outputs, Program.Reduction.PER_TASK));
    }

    private static final FiniteDifferences.Argument WEIGHTS =
            FiniteDifferences.Argument.fixed(Shape.of(4), 1, 0.5, 0, 2);
    private static final FiniteDifferences.Argument ORDERS =
            FiniteDifferences.Argument.fixed(Shape.of(7), 0.3, -1, 2, 0.3, 0.9, -0.4, 1.1);

    /** The covariance of four support rows and three queries; arguments psi, query-psi, variance, rate and the orders. */
    private static HeadCovariance covariance(ProgramBuilder b, List<Value> in) {
        return HeadCovariance.linear(b, in.get(0), in.get(1))
                .plusExponential(b, in.get(2), in.get(3), b.slice(in.get(4), 0, 0, 4), b.slice(in.get(4), 0, 4, 7));
    }

    private static List<FiniteDifferences.Argument> arguments(FiniteDifferences.Argument... more) {
        List<FiniteDifferences.Argument> arguments = new ArrayList<>(List.of(
                FiniteDifferences.Argument.awayFromZero("psi", 4, 2),
                FiniteDifferences.Argument.awayFromZero("query-psi", 3, 2),
                FiniteDifferences.Argument.positive("variance", 1),
                FiniteDifferences.Argument.positive("rate", 1),
                ORDERS,
                WEIGHTS));
        arguments.addAll(List.of(more));
        return arguments;
    }

    @Test
    void theGaussianPosteriorWithAnOrderHasExactDerivativesToSecondOrder() {
        FiniteDifferences.checkSmooth(
                (b, in) -> {
                    HeadPosterior.Predicted predicted =
                            new CovariancePosterior(b, covariance(b, in), in.get(5)).ofValues(in.get(6), in.get(7));
                    return b.concat(0, List.of(predicted.mean(), predicted.variance()));
                },
                arguments(
                        FiniteDifferences.Argument.awayFromZero("residual", 4),
                        FiniteDifferences.Argument.positive("noise", 4)));
    }

    @Test
    void theLaplacePosteriorWithAnOrderHasExactDerivativesToSecondOrder() {
        FiniteDifferences.checkSmooth(
                (b, in) -> {
                    HeadPosterior.PredictedClasses predicted =
                            new CovariancePosterior(b, covariance(b, in), in.get(5)).ofClasses(in.get(7), in.get(6));
                    return b.concat(0, List.of(predicted.mean(), predicted.variance()));
                },
                arguments(
                        FiniteDifferences.Argument.awayFromZero("prior", 4),
                        FiniteDifferences.Argument.fixed(Shape.of(4), 1, 0, 1, 0)));
    }

    @Test
    void theSoftmaxPosteriorHasExactDerivativesToSecondOrder() {
        FiniteDifferences.checkSmooth(
                (b, in) ->
                        new SoftmaxPosterior(b, covariance(b, in), in.get(5)).logits(in.get(8), in.get(6), in.get(7)),
                arguments(
                        FiniteDifferences.Argument.awayFromZero("prior", 4, 3),
                        FiniteDifferences.Argument.awayFromZero("query-prior", 3, 3),
                        FiniteDifferences.Argument.fixed(Shape.of(4), 2, 0, 1, 2)));
    }

    private static HeadCovariance ordered(ProgramBuilder b, Map<String, Value> inputs) {
        return HeadCovariance.linear(b, inputs.get("psi"), inputs.get("query-psi"))
                .plusExponential(
                        b,
                        inputs.get("variance-of-order"),
                        inputs.get("rate"),
                        inputs.get("order"),
                        inputs.get("query-order"));
    }
}
