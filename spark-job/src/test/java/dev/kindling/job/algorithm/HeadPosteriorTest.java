package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.TensorCases;
import dev.kindling.job.tensor.TensorCases.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
