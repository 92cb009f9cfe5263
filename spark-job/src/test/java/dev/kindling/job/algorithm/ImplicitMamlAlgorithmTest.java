package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares implicit MAML with a Hessian of central differences, a dense solver, and differences through the minimiser. */
class ImplicitMamlAlgorithmTest {
    private static final Setting SETTING = Setting.named("mlp-40-tanh");
    private static final List<String> NAMES = SETTING.model().parameters().names();
    private static final OptionsForTests EXACT = OptionsForTests.usual()
            .with(0.05, 5)
            .with("imaml.max-iterations", 121)
            .with("imaml.tolerance", 1e-12);

    private static double[] flat(Map<String, double[]> arrays) {
        List<Double> all = new ArrayList<>();
        for (String name : NAMES) {
            for (double number : arrays.get(name)) {
                all.add(number);
            }
        }
        return all.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static Map<String, double[]> named(double[] flat) {
        Map<String, double[]> arrays = new HashMap<>();
        int next = 0;
        for (String name : NAMES) {
            double[] array = new double[SETTING.theta().get(name).length];
            for (int i = 0; i < array.length; i++) {
                array[i] = flat[next++];
            }
            arrays.put(name, array);
        }
        return arrays;
    }

    /** Gradient descent on L_support + (λ/2) ‖φ - θ‖², in Java. */
    private static double[] minimised(double[] theta, double lambda, double rate, int steps) {
        double[] phi = theta.clone();
        for (int step = 0; step < steps; step++) {
            double[] gradient = flat(SETTING.gradient(named(phi), "support"));
            for (int i = 0; i < phi.length; i++) {
                phi[i] -= rate * (gradient[i] + lambda * (phi[i] - theta[i]));
            }
        }
        return phi;
    }

    private static RealMatrix hessian(double[] phi) {
        double h = 1e-5;
        RealMatrix hessian = new Array2DRowRealMatrix(phi.length, phi.length);
        for (int i = 0; i < phi.length; i++) {
            double[] ahead = phi.clone();
            double[] below = phi.clone();
            ahead[i] += h;
            below[i] -= h;
            double[] up = flat(SETTING.gradient(named(ahead), "support"));
            double[] down = flat(SETTING.gradient(named(below), "support"));
            for (int j = 0; j < phi.length; j++) {
                hessian.setEntry(j, i, (up[j] - down[j]) / (2 * h));
            }
        }
        return hessian;
    }

    private static Map<String, double[]> train(OptionsForTests options) {
        Algorithm algorithm = Algorithms.named("imaml", options);
        return Setting.run(algorithm.train(SETTING.model(), SETTING.layout()), SETTING.inputs(algorithm, 0));
    }

    /** (1 + δ) I + A/λ. */
    private static RealMatrix system(double[] phi, double lambda, double damping) {
        RealMatrix matrix = hessian(phi).scalarMultiply(1 / lambda);
        for (int i = 0; i < phi.length; i++) {
            matrix.addToEntry(i, i, 1 + damping);
        }
        return matrix;
    }

    @ParameterizedTest
    @CsvSource({"cg, exact, 0, 1e-7", "cg, exact, 1, 1e-7", "cg, difference, 0, 2e-4", "neumann, exact, 0, 1e-7"})
    void everySolverFindsTheSolutionOfADenseSolver(String solver, String product, double damping, double tolerance) {
        double lambda = 5;
        double[] phi = minimised(flat(SETTING.theta()), lambda, 0.05, 5);
        double[] v = flat(SETTING.gradient(named(phi), "query"));
        double[] expected = new LUDecomposition(system(phi, lambda, damping))
                .getSolver()
                .solve(new ArrayRealVector(v))
                .toArray();
        Map<String, double[]> found = train(EXACT.with("imaml.solver", solver)
                .with("imaml.product", product)
                .with("imaml.lambda", lambda)
                .with("imaml.damping", damping)
                .with("imaml.max-iterations", solver.equals("neumann") ? 3000 : 121)
                .with("imaml.relaxation", 0.1));
        assertThat(flat(found)).containsExactly(expected, within(tolerance));
        assertThat(found.get("residual")[0]).isLessThan(1e-3);
    }

    @Test
    void theIdentityIsTheQueryGradientAndClaimsFirstOrder() {
        double[] phi = minimised(flat(SETTING.theta()), 2, 0.05, 5);
        OptionsForTests options = EXACT.with("imaml.solver", "identity");
        assertThat(flat(train(options))).containsExactly(flat(SETTING.gradient(named(phi), "query")), within(1e-10));
        assertThat(Algorithms.named("imaml", options).claim()).isEqualTo(Algorithm.Claim.FIRST_ORDER);
        assertThat(Algorithms.named("imaml", EXACT).claim()).isEqualTo(Algorithm.Claim.IMPLICIT);
    }

    /** With the inner problem solved, g is the derivative of the query loss at the minimiser by θ. */
    @Test
    void theContributionIsTheDerivativeThroughTheMinimiser() {
        double lambda = 5;
        OptionsForTests solved = EXACT.with("imaml.lambda", lambda).with(0.05, 400);
        double[] found = flat(train(solved));
        double[] theta = flat(SETTING.theta());
        double[] along = Setting.normal("along", theta.length);
        double h = 1e-4;
        double[] losses = new double[2];
        for (int side = 0; side < 2; side++) {
            double[] moved = Setting.sum(theta, along, side == 0 ? h : -h);
            double[] phi = minimised(moved, lambda, 0.05, 400);
            double[] left = flat(SETTING.gradient(named(phi), "support"));
            for (int i = 0; i < phi.length; i++) {
                assertThat(left[i] + lambda * (phi[i] - moved[i])).isCloseTo(0, within(1e-9));
            }
            losses[side] = SETTING.gradient(named(phi), "query").get("loss")[0];
        }
        double difference = (losses[0] - losses[1]) / (2 * h);
        double claimed = 0;
        for (int i = 0; i < along.length; i++) {
            claimed += along[i] * found[i];
        }
        assertThat(claimed).isCloseTo(difference, within(1e-5 * Math.abs(difference)));
    }

    @Test
    void negativeCurvatureStopsConjugateGradientsAndIsReported() {
        double lambda = 0.02;
        double[] phi = minimised(flat(SETTING.theta()), lambda, 0.05, 5);
        double[] values = new EigenDecomposition(system(phi, lambda, 0)).getRealEigenvalues();
        assertThat(Arrays.stream(values).min().orElseThrow()).isNegative();
        Map<String, double[]> found = train(EXACT.with("imaml.lambda", lambda));
        assertThat(found.get("negative_curvature")).containsExactly(1);
        assertThat(Arrays.stream(flat(found)).allMatch(Double::isFinite)).isTrue();
        assertThat(train(EXACT.with("imaml.lambda", 5)).get("negative_curvature"))
                .containsExactly(0);
    }

    @ParameterizedTest
    @CsvSource({
        "imaml.lambda, 0, a finite number above 0",
        "imaml.lambda, -1, a finite number above 0",
        "imaml.damping, -1, 'a finite number, 0 or above'",
        "imaml.max-iterations, 0, at least 1",
        "imaml.relaxation, 0, a finite number above 0"
    })
    void wrongSettingsAreRefused(String key, double value, String allowed) {
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> Algorithms.named("imaml", OptionsForTests.usual().with(key, value)))
                .withMessageStartingWith(key + " is " + (key.endsWith("max-iterations") ? "0" : value))
                .withMessageEndingWith("; it must be " + allowed);
    }
}
