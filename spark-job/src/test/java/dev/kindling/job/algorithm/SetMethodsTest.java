package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares hypernetworks and conditional neural processes with loops over their definitions. */
class SetMethodsTest {
    private static final EpisodeLayout POINTS = new EpisodeLayout(Shape.of(1), 0, 1, 5, 4);
    private static final OptionsForTests OPTIONS = OptionsForTests.usual();

    private static Algorithm named(String method) {
        return Algorithms.named(method, OPTIONS);
    }

    private static Algorithm paperSized(String method) {
        return Algorithms.named(method, OPTIONS.with(method + ".width", 128));
    }

    @Test
    void theHypernetworkOfTheTanhNetworkHas49017Parameters() {
        Model model = ModelFactory.of(ModelSettings.preset("mlp-40-tanh"), POINTS);
        Layout theta = paperSized("hypernetwork").parameters(model);
        assertThat(theta.size()).isEqualTo(49_017);
        assertThat(theta.names())
                .containsExactly(
                        "hypernetwork.0_W",
                        "hypernetwork.0_b",
                        "hypernetwork.1_W",
                        "hypernetwork.1_b",
                        "hypernetwork.2_W",
                        "hypernetwork.2_b",
                        "hypernetwork.3_W",
                        "hypernetwork.3_b");
        assertThat(theta.shape("hypernetwork.0_W")).isEqualTo(Shape.of(2, 128));
        assertThat(theta.shape("hypernetwork.3_W")).isEqualTo(Shape.of(128, 121));
    }

    @Test
    void aConditionalNeuralProcessHasThreeLayersForPointsAndFiveForPredictions() {
        Model model = ModelFactory.of(ModelSettings.preset("mlp-40-40"), POINTS);
        Layout theta = paperSized("cnp").parameters(model);
        assertThat(theta.names()).hasSize(16).allMatch(name -> name.startsWith("cnp."));
        assertThat(theta.shape("cnp.3_W")).isEqualTo(Shape.of(129, 128));
        assertThat(theta.shape("cnp.7_W")).isEqualTo(Shape.of(128, 1));
    }

    @Test
    void aHypernetworkGeneratesTheWeightsThatPredict() {
        Setting setting = Setting.named("mlp-40-tanh");
        Map<String, double[]> inputs = setting.inputs(named("hypernetwork"), 0);
        double[] set = new double[6];
        for (double[] point : points(inputs)) {
            double[] features = Perceptrons.layers(inputs, "hypernetwork.", 0, 2, point, Perceptrons.RELU);
            Arrays.setAll(set, i -> set[i] + features[i]);
        }
        double[] written = Perceptrons.layers(inputs, "hypernetwork.", 2, 4, set, Perceptrons.IDENTITY);
        double[] phi = Arrays.stream(written).map(number -> 0.1 * number).toArray();
        double[] expected = Arrays.stream(inputs.get("query.x"))
                .map(x -> {
                    double sum = phi[120];
                    for (int unit = 0; unit < 40; unit++) {
                        sum += phi[80 + unit] * Math.tanh(phi[unit] * x + phi[40 + unit]);
                    }
                    return sum;
                })
                .toArray();
        predicts("hypernetwork", setting, inputs, expected);
    }

    @Test
    void aConditionalNeuralProcessPredictsFromTheMeanOfItsPoints() {
        Setting setting = Setting.named("mlp-40-tanh");
        Map<String, double[]> inputs = setting.inputs(named("cnp"), 0);
        double[] r = new double[6];
        for (double[] point : points(inputs)) {
            double[] features = Perceptrons.layers(inputs, "cnp.", 0, 3, point, Perceptrons.RELU);
            Arrays.setAll(r, i -> r[i] + features[i] / 5);
        }
        double[] expected = Arrays.stream(inputs.get("query.x"))
                .map(x -> {
                    double[] conditioned = IntStream.range(0, 7)
                            .mapToDouble(i -> i == 0 ? x : r[i - 1])
                            .toArray();
                    return Perceptrons.layers(inputs, "cnp.", 3, 8, conditioned, Perceptrons.IDENTITY)[0];
                })
                .toArray();
        predicts("cnp", setting, inputs, expected);
    }

    private static double[][] points(Map<String, double[]> inputs) {
        double[] x = inputs.get("support.x");
        double[] y = inputs.get("support.y");
        return IntStream.range(0, x.length)
                .mapToObj(i -> new double[] {x[i], y[i]})
                .toArray(double[][]::new);
    }

    /** Checks predictions, and their losses in training and evaluation. */
    private static void predicts(String method, Setting setting, Map<String, double[]> inputs, double[] expected) {
        Algorithm algorithm = named(method);
        Model model = setting.model();
        EpisodeLayout layout = setting.layout();
        double[] y = inputs.get("query.y");
        double loss = IntStream.range(0, y.length)
                .mapToDouble(i -> (expected[i] - y[i]) * (expected[i] - y[i]) / y.length)
                .sum();
        assertThat(Setting.run(algorithm.predict(model, layout, 3), inputs).get("prediction"))
                .containsExactly(expected, within(1e-12));
        assertThat(Setting.run(algorithm.train(model, layout), inputs).get("query_loss")[0])
                .isCloseTo(loss, within(1e-12));
        assertThat(Setting.run(algorithm.evaluate(model, layout, 3), inputs).get("loss"))
                .containsExactly(new double[] {loss}, within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(strings = {"hypernetwork", "cnp"})
    void theOrderOfSupportPointsDoesNotMatter(String method) {
        Setting setting = Setting.named("mlp-40-tanh");
        Map<String, double[]> inputs = setting.inputs(named(method), 0);
        Map<String, double[]> turned = new HashMap<>(inputs);
        for (String half : new String[] {"support.x", "support.y"}) {
            double[] numbers = inputs.get(half);
            turned.put(
                    half,
                    IntStream.range(0, 5).mapToDouble(i -> numbers[(i + 2) % 5]).toArray());
        }
        var predict = named(method).predict(setting.model(), setting.layout(), 0);
        assertThat(Setting.run(predict, turned).get("prediction"))
                .containsExactly(Setting.run(predict, inputs).get("prediction"), within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(strings = {"hypernetwork", "cnp"})
    void tasksOtherThanRegressionByAFullyConnectedNetworkAreRefused(String method) {
        Algorithm algorithm = named(method);
        String fits = "algorithm.name is " + method
                + "; it needs regression, as of task.source = sinusoid or regression, and a fully connected network "
                + "without batch norm, such as model.network = mlp-40-tanh; ";
        EpisodeLayout classes = new EpisodeLayout(Shape.of(1, 28, 28), 5, 5, 5, 5);
        Model dense = ModelFactory.of(ModelSettings.preset("mlp-40-40"), classes);
        assertThatThrownBy(() -> algorithm.train(dense, classes))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(fits + "the tasks have 5 classes");
        Model convolutions = ModelFactory.of(ModelSettings.preset("conv4"), classes);
        assertThatThrownBy(() -> algorithm.parameters(convolutions))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(fits + "the network has 0_W [64, 1, 3, 3]");
        Model normalised = ModelFactory.of(ModelSettings.preset("omniglot-fc"), POINTS);
        assertThatThrownBy(() -> algorithm.train(normalised, POINTS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(fits + "the network has 1_gamma [1, 256]");
    }

    @ParameterizedTest
    @CsvSource({
        "hypernetwork, width, 0, at least 1",
        "cnp, width, 0, at least 1",
        "hypernetwork, scale, 0, a finite number above 0"
    })
    void wrongSettingsAreRefused(String method, String key, int value, String allowed) {
        assertThatThrownBy(() -> Algorithms.named(method, OPTIONS.with(method + "." + key, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(method + "." + key + " is ")
                .hasMessageEndingWith("it must be " + allowed);
    }
}
