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

/** Posteriors of linear heads against NumPy and SciPy, with more and with fewer examples than features; {@code heads.py}. */
class LinearHeadPosteriorTest {
    private static final double GAUSSIAN = 0;
    private static final double LAPLACE = 1;

    @ParameterizedTest
    @ValueSource(strings = {"reference", "vector"})
    void posteriorsAreThoseOfNumPy(String backend) {
        List<Map<String, Tensor>> cases = TensorCases.read(LinearHeadPosteriorTest.class, "heads.txt");
        assertThat(cases).hasSize(9);
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
        LinearHeadPosterior posterior =
                new LinearHeadPosterior(b, inputs.get("psi"), inputs.get("query-psi"), inputs.get("weights"));
        double kind = given.get("kind").elements()[0];
        Map<String, Value> outputs = new LinkedHashMap<>();
        if (kind == GAUSSIAN) {
            LinearHeadPosterior.Predicted predicted = posterior.ofValues(inputs.get("residual"), inputs.get("noise"));
            outputs.put("mean", predicted.mean());
            outputs.put("variance", predicted.variance());
        } else if (kind == LAPLACE) {
            LinearHeadPosterior.PredictedClasses predicted =
                    posterior.ofClasses(inputs.get("labels"), inputs.get("prior"));
            outputs.put("mean", predicted.mean());
            outputs.put("variance", predicted.variance());
            outputs.put("mode", predicted.support());
        } else {
            LinearHeadPosterior.Fitted fitted = posterior.ofTargets(inputs.get("targets"));
            outputs.put("mean", fitted.query());
            outputs.put("fitted", fitted.support());
        }
        return b.build("head", NamedValues.outputs(outputs, Program.Reduction.PER_TASK));
    }
}
