package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Targets;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares MAML and first-order MAML with derivations by hand and with adaptation implemented here. */
class InnerLoopTest {
    private static final EpisodeLayout ONE_POINT = new EpisodeLayout(Shape.of(1), 0, 1, 1, 1);
    private static final EpisodeLayout THREE_POINTS = new EpisodeLayout(Shape.of(1), 0, 1, 3, 2);

    /**
     * g(x, y) = x² + y with parameter x and data y. One step at rate α: x' = x - 2αx = (1 - 2α) x, objective
     * (1 - 2α)² x² + y, meta-gradient 2 (1 - 2α)² x; the first-order one is 2x' = 2 (1 - 2α) x. At x = 2, y = 1, α = 1:
     * x' = -2, objective 5, meta-gradient 4, first order -4.
     */
    @Test
    void theClosedFormOfASquare() {
        Map<String, double[]> inputs = Map.of(
                "x", array(2), "support.x", array(0), "support.y", array(1), "query.x", array(0), "query.y", array(1));
        InnerSettings settings = new InnerSettings(1, 1);

        Map<String, double[]> exact = run(new MamlAlgorithm(settings).train(new Square(), ONE_POINT), inputs);
        assertThat(exact.get("query_loss")).containsExactly(5);
        assertThat(exact.get("support_loss")).containsExactly(5);
        assertThat(exact.get("x")).containsExactly(4);

        Map<String, double[]> firstOrder = run(new FomamlAlgorithm(settings).train(new Square(), ONE_POINT), inputs);
        assertThat(firstOrder.get("query_loss")).containsExactly(5);
        assertThat(firstOrder.get("x")).containsExactly(-4);
    }

    /**
     * f(x) = w x with squared error. With a = mean x², c = mean xy over the support set, L = a w² - 2 c w + mean y², so a
     * step is w ← w - 2α (a w - c) = r w + 2αc with r = 1 - 2αa. After k steps φ = r^k w + 2αc (1 + r + ... + r^(k-1)),
     * and dφ/dw = r^k. With A and C over the query set the query gradient is 2 (A φ - C); MAML's is that times r^k.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void linearRegressionDerivedByHand(int steps) {
        double w = 0.7;
        double alpha = 0.05;
        double[] xs = {1, -2, 0.5};
        double[] ys = {2, 1, -1};
        double[] xq = {3, -1};
        double[] yq = {1, 2};
        double a = (1 + 4 + 0.25) / 3;
        double c = (2 - 2 - 0.5) / 3;
        double r = 1 - 2 * alpha * a;
        double phi = w;
        List<Double> losses = new ArrayList<>(List.of(squaredError(w, xq, yq)));
        double power = 1;
        double geometric = 0;
        for (int step = 0; step < steps; step++) {
            geometric += power;
            power *= r;
            phi = power * w + 2 * alpha * c * geometric;
            losses.add(squaredError(phi, xq, yq));
        }
        double queryGradient = 2 * ((9 + 1) / 2.0 * phi - (3 - 2) / 2.0);

        Map<String, double[]> inputs =
                Map.of("w", array(w), "support.x", xs, "support.y", ys, "query.x", xq, "query.y", yq);
        InnerSettings settings = new InnerSettings(alpha, steps);
        Map<String, double[]> exact = run(new MamlAlgorithm(settings).train(new Line(), THREE_POINTS), inputs);
        assertThat(exact.get("w")[0]).isCloseTo(queryGradient * power, within(1e-13));
        assertThat(exact.get("query_loss")[0]).isCloseTo(losses.get(steps), within(1e-13));
        assertThat(exact.get("support_loss")[0]).isCloseTo(squaredError(w, xs, ys), within(1e-13));
        Map<String, double[]> firstOrder = run(new FomamlAlgorithm(settings).train(new Line(), THREE_POINTS), inputs);
        assertThat(firstOrder.get("w")[0]).isCloseTo(queryGradient, within(1e-13));

        for (Algorithm algorithm : List.of(new MamlAlgorithm(settings), new FomamlAlgorithm(settings))) {
            double[] curve = run(algorithm.evaluate(new Line(), THREE_POINTS, steps), inputs)
                    .get("loss");
            double[] expected = losses.stream().mapToDouble(Double::doubleValue).toArray();
            assertThat(curve).containsExactly(expected, within(1e-13));
        }
    }

    private static double squaredError(double w, double[] x, double[] y) {
        double total = 0;
        for (int i = 0; i < x.length; i++) {
            total += (w * x[i] - y[i]) * (w * x[i] - y[i]) / x.length;
        }
        return total;
    }

    @ParameterizedTest
    @CsvSource({"mlp-40-40, 1", "mlp-40-40, 3", "mlp-40-tanh, 2", "mlp-40-tanh, 4", "omniglot-fc, 1", "omniglot-fc, 3"})
    void firstOrderIsTheQueryGradientAtTheAdaptedParameters(String network, int steps) {
        Setting setting = Setting.named(network);
        Map<String, double[]> phi = setting.adapted(0.3, steps);
        Map<String, double[]> expected = setting.gradient(phi, "query");

        Program program = new FomamlAlgorithm(new InnerSettings(0.3, steps)).train(setting.model(), setting.layout());
        Map<String, double[]> found = run(program, setting.inputs());
        for (String name : setting.model().parameters().names()) {
            assertThat(found.get(name)).as(name).containsExactly(expected.get(name), within(1e-10));
        }
        assertThat(found.get("query_loss")[0]).isCloseTo(expected.get("loss")[0], within(1e-10));
    }

    /** The meta-gradient is the derivative of the loss after k steps, as computed by the evaluation program. */
    @ParameterizedTest
    @CsvSource({"mlp-40-tanh, 1", "mlp-40-tanh, 2", "mlp-40-tanh, 3", "mlp-40-40, 2", "omniglot-fc, 1", "omniglot-fc, 3"
    })
    void theMetaGradientIsTheDerivativeOfTheLossAfterAdaptation(String network, int steps) {
        Setting setting = Setting.named(network);
        InnerSettings settings = new InnerSettings(0.2, steps);
        Map<String, double[]> exact =
                run(new MamlAlgorithm(settings).train(setting.model(), setting.layout()), setting.inputs());
        Map<String, double[]> firstOrder =
                run(new FomamlAlgorithm(settings).train(setting.model(), setting.layout()), setting.inputs());
        Program evaluation = new MamlAlgorithm(settings).evaluate(setting.model(), setting.layout(), steps);

        Map<String, double[]> direction = new HashMap<>();
        double slope = 0;
        double firstOrderSlope = 0;
        for (Layout.Entry entry : setting.model().parameters().entries()) {
            double[] along =
                    Setting.normal("along " + entry.name(), entry.shape().size());
            direction.put(entry.name(), along);
            slope += dot(along, exact.get(entry.name()));
            firstOrderSlope += dot(along, firstOrder.get(entry.name()));
        }
        // Small, because along a random direction the kinks of relu are near.
        double h = network.equals("mlp-40-tanh") ? 1e-5 : 1e-7;
        double ahead = last(run(evaluation, setting.moved(direction, h)).get("loss"));
        double below = last(run(evaluation, setting.moved(direction, -h)).get("loss"));
        double difference = (ahead - below) / (2 * h);

        assertThat(slope).isCloseTo(difference, within(1e-6 * Math.abs(difference)));
        assertThat(firstOrderSlope).isNotCloseTo(difference, within(1e-3 * Math.abs(difference)));
    }

    @Test
    void evaluationWithoutStepsIsTheLossBeforeAdaptation() {
        Setting setting = Setting.named("omniglot-fc");
        Program program = new MamlAlgorithm(new InnerSettings(0.3, 1)).evaluate(setting.model(), setting.layout(), 0);
        Map<String, double[]> found = run(program, setting.inputs());
        Map<String, double[]> theta = setting.theta();
        assertThat(found.get("loss")).hasSize(1);
        assertThat(found.get("accuracy")).hasSize(1);
        assertThat(found.get("loss")[0])
                .isCloseTo(setting.gradient(theta, "query").get("loss")[0], within(1e-12));
    }

    @Test
    void evaluationGivesLossAndAccuracyAfterEachStep() {
        Setting setting = Setting.named("omniglot-fc");
        Program program = new MamlAlgorithm(new InnerSettings(0.3, 1)).evaluate(setting.model(), setting.layout(), 3);
        Map<String, double[]> found = run(program, setting.inputs());
        assertThat(found.get("loss")).hasSize(4);
        assertThat(found.get("accuracy")).hasSize(4);
        for (int step = 0; step <= 3; step++) {
            double expected =
                    setting.gradient(setting.adapted(0.3, step), "query").get("loss")[0];
            assertThat(found.get("loss")[step]).isCloseTo(expected, within(1e-10));
        }
    }

    @Test
    void theProgramDoesNotGrowWithTheSteps() {
        Setting setting = Setting.named("mlp-40-40");
        int few = size(setting, 3);
        assertThat(size(setting, 30)).isEqualTo(few);
        assertThat(new MamlAlgorithm(new InnerSettings(0.1, 2))
                        .train(setting.model(), setting.layout())
                        .values())
                .noneMatch(value -> value.op() == Op.LOOP);
    }

    private static int size(Setting setting, int steps) {
        return new MamlAlgorithm(new InnerSettings(0.1, steps))
                .train(setting.model(), setting.layout())
                .values()
                .size();
    }

    @Test
    void trainingProgramsHaveTheDocumentedOutputs() {
        Setting setting = Setting.named("omniglot-fc");
        Program program = new MamlAlgorithm(new InnerSettings(0.3, 1)).train(setting.model(), setting.layout());
        assertThat(program.broadcastInputs()).isEqualTo(setting.model().parameters());
        assertThat(program.sums()).isEqualTo(setting.model().parameters());
        assertThat(program.taskInputs()).isEqualTo(setting.layout().arrays());
        assertThat(program.perTask().names()).containsExactly("query_loss", "support_loss", "query_accuracy");
    }

    @Test
    void methodsAreFoundByName() {
        OptionsForTests options = OptionsForTests.usual();
        assertThat(Algorithms.named("maml", options).claim()).isEqualTo(Algorithm.Claim.EXACT);
        assertThat(Algorithms.named("fomaml", options).claim()).isEqualTo(Algorithm.Claim.FIRST_ORDER);
        assertThat(Algorithms.names())
                .allSatisfy(name ->
                        assertThat(Algorithms.named(name, options).name()).isEqualTo(name));
        assertThatThrownBy(() -> Algorithms.named("mmal", options))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "algorithm.name is mmal; it must be one of anil, bayesian-linear, cnp, fomaml, ");
    }

    @Test
    void wrongSettingsAreRefused() {
        for (double rate : new double[] {0, -0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> new InnerSettings(rate, 1))
                    .hasMessage("algorithm.inner-learning-rate is " + rate + "; it must be a finite number above 0");
        }
        assertThatThrownBy(() -> new InnerSettings(0.1, 0))
                .hasMessage("algorithm.inner-steps is 0; it must be at least 1");
        assertThatThrownBy(() -> new MamlAlgorithm(new InnerSettings(0.1, 1)).evaluate(new Line(), THREE_POINTS, -1))
                .hasMessage("evaluation.steps is -1; it must be at least 0");
    }

    private static Map<String, double[]> run(Program program, Map<String, double[]> inputs) {
        return Runs.once(new ReferenceBackend(), Precision.DOUBLE, program, inputs);
    }

    private static double[] array(double... numbers) {
        return numbers;
    }

    private static double last(double[] numbers) {
        return numbers[numbers.length - 1];
    }

    private static double dot(double[] a, double[] b) {
        double total = 0;
        for (int i = 0; i < a.length; i++) {
            total += a[i] * b[i];
        }
        return total;
    }

    /** x², to which the loss adds y. */
    private static final class Square implements Model {
        @Override
        public Layout parameters() {
            return Layout.builder().add("x", Shape.scalar()).build();
        }

        @Override
        public void initialise(long seed, FlatVector target) {
            target.fill(0);
        }

        @Override
        public Value output(ProgramBuilder b, Map<String, Value> parameters, Value x, ForwardContext context) {
            return b.reshape(b.square(parameters.get("x")), Shape.of(1, 1));
        }

        @Override
        public Value loss(ProgramBuilder b, Value output, Targets targets) {
            return b.meanAll(b.add(output, targets.y()));
        }

        @Override
        public Optional<Value> accuracy(ProgramBuilder b, Value output, Targets targets) {
            return Optional.empty();
        }
    }

    /** w·x with squared error. */
    private static final class Line implements Model {
        @Override
        public Layout parameters() {
            return Layout.builder().add("w", Shape.of(1, 1)).build();
        }

        @Override
        public void initialise(long seed, FlatVector target) {
            target.fill(0);
        }

        @Override
        public Value output(ProgramBuilder b, Map<String, Value> parameters, Value x, ForwardContext context) {
            return b.matmul(x, parameters.get("w"));
        }

        @Override
        public Value loss(ProgramBuilder b, Value output, Targets targets) {
            return b.meanAll(b.square(b.sub(output, targets.y())));
        }

        @Override
        public Optional<Value> accuracy(ProgramBuilder b, Value output, Targets targets) {
            return Optional.empty();
        }
    }
}
