package dev.kindling.job.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** SOLVE and its derivatives to order three against SciPy; {@code solve.py} wrote the expected numbers. */
class SolveDerivativesTest {
    private static final int ORDERS = 3;

    @ParameterizedTest
    @ValueSource(strings = {"reference", "vector", "scalar", "nd4j"})
    void solutionsAndTheirDirectionalDerivativesAreThoseOfSciPy(String backend) {
        List<Map<String, Tensor>> cases = TensorCases.read(SolveDerivativesTest.class, "solve.txt");
        assertThat(cases).hasSize(5);
        for (Map<String, Tensor> given : cases) {
            Program program = program(given.get("b").shape());
            Map<String, double[]> inputs = new LinkedHashMap<>();
            given.forEach((name, tensor) -> inputs.put(name, tensor.elements()));
            Map<String, double[]> found = Runs.once(Backends.named(backend), Precision.DOUBLE, program, inputs);
            requireClose("x", found.get("x"), given.get("x").elements());
            double[] derivatives = given.get("derivatives").elements();
            for (int order = 0; order <= ORDERS; order++) {
                requireClose("order " + order, found.get("order " + order), derivatives[order]);
            }
        }
    }

    private static void requireClose(String name, double[] found, double... expected) {
        double greatest =
                Math.max(1, Arrays.stream(expected).map(Math::abs).max().orElseThrow());
        assertThat(found).as(name).containsExactly(expected, within(1e-12 * greatest));
    }

    /** s = Σ w·X and its derivatives in the direction (da, db). */
    private static Program program(Shape shape) {
        Shape square = Shape.of(shape.dim(0), shape.dim(0));
        ProgramBuilder b = new ProgramBuilder();
        Value a = b.input("a", square, Program.Scope.TASK);
        Value right = b.input("b", shape, Program.Scope.TASK);
        Value da = b.input("da", square, Program.Scope.TASK);
        Value db = b.input("db", shape, Program.Scope.TASK);
        Value w = b.input("w", shape, Program.Scope.TASK);
        Value x = b.solve(a, right);
        List<Program.Output> outputs = new ArrayList<>();
        outputs.add(new Program.Output("x", Program.Reduction.PER_TASK, x));
        Value s = b.sumAll(b.mul(w, x));
        for (int order = 0; order <= ORDERS; order++) {
            outputs.add(new Program.Output("order " + order, Program.Reduction.PER_TASK, s));
            List<Value> gradients = Autodiff.gradOrZeros(b, s, List.of(a, right));
            s = b.add(b.sumAll(b.mul(gradients.get(0), da)), b.sumAll(b.mul(gradients.get(1), db)));
        }
        return b.build("solve", outputs);
    }
}
