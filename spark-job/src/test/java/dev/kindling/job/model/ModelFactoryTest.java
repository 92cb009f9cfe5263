package dev.kindling.job.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelFactoryTest {
    private static final EpisodeLayout SINE = new EpisodeLayout(Shape.of(1), 0, 1, 10, 10);
    private static final EpisodeLayout FIVE_WAYS = new EpisodeLayout(Shape.of(1, 28, 28), 5, 5, 5, 5);

    @Test
    void theSinusoidNetworkHasItsDocumentedParameters() {
        Layout parameters =
                ModelFactory.of(ModelSettings.preset("mlp-40-40"), SINE).parameters();
        assertThat(shapes(parameters))
                .containsExactly(
                        Map.entry("0_W", Shape.of(1, 40)),
                        Map.entry("0_b", Shape.of(1, 40)),
                        Map.entry("1_W", Shape.of(40, 40)),
                        Map.entry("1_b", Shape.of(1, 40)),
                        Map.entry("2_W", Shape.of(40, 1)),
                        Map.entry("2_b", Shape.of(1, 1)));
        assertThat(parameters.size()).isEqualTo(1761);
    }

    @Test
    void theTanhNetworkHasItsDocumentedParameters() {
        Layout parameters =
                ModelFactory.of(ModelSettings.preset("mlp-40-tanh"), SINE).parameters();
        assertThat(parameters.names()).containsExactly("0_W", "0_b", "1_W", "1_b");
        assertThat(parameters.size()).isEqualTo(121);
    }

    @Test
    void theOmniglotNetworkHasItsDocumentedParameters() {
        Layout parameters =
                ModelFactory.of(ModelSettings.preset("omniglot-fc"), FIVE_WAYS).parameters();
        assertThat(shapes(parameters))
                .containsExactly(
                        Map.entry("0_W", Shape.of(784, 256)),
                        Map.entry("1_gamma", Shape.of(1, 256)),
                        Map.entry("1_beta", Shape.of(1, 256)),
                        Map.entry("3_W", Shape.of(256, 128)),
                        Map.entry("4_gamma", Shape.of(1, 128)),
                        Map.entry("4_beta", Shape.of(1, 128)),
                        Map.entry("6_W", Shape.of(128, 64)),
                        Map.entry("7_gamma", Shape.of(1, 64)),
                        Map.entry("7_beta", Shape.of(1, 64)),
                        Map.entry("9_W", Shape.of(64, 64)),
                        Map.entry("10_gamma", Shape.of(1, 64)),
                        Map.entry("10_beta", Shape.of(1, 64)),
                        Map.entry("12_W", Shape.of(64, 5)),
                        Map.entry("12_b", Shape.of(1, 5)));
        assertThat(parameters.size()).isEqualTo(247_109);
    }

    @Test
    void theConvolutionalNetworksHaveTheirDocumentedParameters() {
        EpisodeLayout drawings = new EpisodeLayout(Shape.of(1, 28, 28), 5, 5, 5, 5);
        Layout strided =
                ModelFactory.of(ModelSettings.preset("conv4"), drawings).parameters();
        assertThat(strided.size()).isEqualTo(112_005);
        assertThat(List.copyOf(shapes(strided).entrySet()))
                .startsWith(
                        Map.entry("0_W", Shape.of(64, 1, 3, 3)),
                        Map.entry("1_gamma", Shape.of(1, 64)),
                        Map.entry("1_beta", Shape.of(1, 64)),
                        Map.entry("3_W", Shape.of(64, 64, 3, 3)))
                .endsWith(Map.entry("13_W", Shape.of(64, 5)), Map.entry("13_b", Shape.of(1, 5)));
        Layout pooled =
                ModelFactory.of(ModelSettings.preset("conv4-pool"), drawings).parameters();
        assertThat(pooled.size()).isEqualTo(112_005);
        assertThat(pooled.names())
                .containsExactly(
                        "0_W",
                        "1_gamma",
                        "1_beta",
                        "4_W",
                        "5_gamma",
                        "5_beta",
                        "8_W",
                        "9_gamma",
                        "9_beta",
                        "12_W",
                        "13_gamma",
                        "13_beta",
                        "16_W",
                        "16_b");
        EpisodeLayout photographs = new EpisodeLayout(Shape.of(3, 84, 84), 5, 5, 5, 5);
        Layout narrow = ModelFactory.of(ModelSettings.preset("conv4-pool-32"), photographs)
                .parameters();
        assertThat(narrow.shape("16_W")).isEqualTo(Shape.of(32 * 5 * 5, 5));
        Layout maps = ModelFactory.of(ModelSettings.preset("conv4-relation"), drawings)
                .parameters();
        assertThat(maps.shape("14_W")).isEqualTo(Shape.of(64 * 5 * 5, 5));
        assertThat(maps.size()).isEqualTo(576 + 3 * 36_864 + 4 * 128 + 8_005);
        Layout simple = ModelFactory.of(
                        ModelSettings.preset("simple-cnn"), new EpisodeLayout(Shape.of(3, 20, 20), 5, 5, 5, 5))
                .parameters();
        assertThat(simple.shape("6_W")).isEqualTo(Shape.of(64 * 5 * 5, 5));
    }

    /** Methods that replace the output layer, such as Proto-MAML, depend on this. */
    @ParameterizedTest
    @CsvSource({"conv4, 8", "conv4-pool-32, 32", "conv4-relation, 22", "simple-cnn, 12"})
    void anEncoderReturnsTheInputOfTheOutputLayer(String network, int extent) {
        EpisodeLayout layout = new EpisodeLayout(Shape.of(1, extent, extent), 3, 3, 3, 2);
        Model model = ModelFactory.of(new ModelSettings(network, "glorot-normal", "query"), layout);
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> theta = new LinkedHashMap<>();
        FlatVector begin = FlatVector.zeros(Precision.DOUBLE, model.parameters().size());
        model.initialise(3, begin);
        Map<String, double[]> inputs = new HashMap<>();
        for (Layout.Entry entry : model.parameters().entries()) {
            theta.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.BROADCAST));
            inputs.put(entry.name(), part(begin.toDoubles(), model.parameters(), entry.name()));
        }
        Value x = b.input("x", layout.features().stacked(2), Program.Scope.TASK);
        double[] images = new double[x.shape().size()];
        Arrays.setAll(images, i -> Math.sin(i * i));
        inputs.put("x", images);
        Value whole = model.output(b, theta, x, ForwardContext.PLAIN);
        Value features = model.encoder().output(b, theta, x, ForwardContext.PLAIN);
        Value product = b.matmul(features, theta.get(model.head().get(0)));
        Value pieced = b.add(product, theta.get(model.head().get(1)));
        Program program = b.build(
                "encoder",
                List.of(
                        new Program.Output("whole", Program.Reduction.PER_TASK, whole),
                        new Program.Output("pieced", Program.Reduction.PER_TASK, pieced)));
        Map<String, double[]> found = Runs.once(new ReferenceBackend(), Precision.DOUBLE, program, inputs);
        assertThat(found.get("pieced")).containsExactly(found.get("whole"), within(1e-12));
    }

    @Test
    void aConvolutionalNetworkOnTasksWithoutImagesIsRefused() {
        assertThatThrownBy(() -> ModelFactory.of(ModelSettings.preset("conv4"), SINE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "model.network is conv4, which needs images [channels, height, width]; an example of this task "
                                + "source is [1]");
    }

    @ParameterizedTest
    @CsvSource({"query, true", "support-and-query, true", "support-and-one, false", "running, false"})
    void predictionsDependOnOtherQueriesInTransductiveModesOnly(String mode, boolean transductive) {
        EpisodeLayout layout = new EpisodeLayout(Shape.of(1, 8, 8), 3, 3, 3, 2);
        Model model = ModelFactory.of(new ModelSettings("conv4", "glorot-normal", mode), layout);
        double[] support = new double[3 * 64];
        double[] queries = new double[2 * 64];
        Arrays.setAll(support, i -> Math.sin(i));
        Arrays.setAll(queries, i -> Math.cos(i * i));
        double[] before = predictions(model, layout, support, queries);
        for (int i = 64; i < queries.length; i++) {
            queries[i] = -queries[i];
        }
        double[] after = predictions(model, layout, support, queries);
        if (transductive) {
            assertThat(Arrays.copyOf(after, 3)).isNotEqualTo(Arrays.copyOf(before, 3));
        } else {
            assertThat(Arrays.copyOf(after, 3)).containsExactly(Arrays.copyOf(before, 3), within(1e-12));
        }
        if (!transductive) {
            EpisodeLayout single = new EpisodeLayout(layout.features(), 3, 3, 3, 1);
            assertThat(predictions(model, single, support, Arrays.copyOf(queries, 64)))
                    .containsExactly(Arrays.copyOf(before, 3), within(1e-12));
        }
        // The statistics of the support set do not depend on its position in the batch.
        support[5] += 1;
        double[] moved = predictions(model, layout, support, queries);
        assertThat(Arrays.equals(moved, after)).isEqualTo(mode.equals("query") || mode.equals("running"));
    }

    @Test
    void runningStatisticsAreParametersUpdatedFromBatchesNotByGradients() {
        EpisodeLayout layout = new EpisodeLayout(Shape.of(1, 4, 4), 3, 3, 3, 2);
        Model model = ModelFactory.of(new ModelSettings("conv4", "glorot-normal", "running"), layout);
        assertThat(model.parameters().names()).startsWith("0_W", "1_gamma", "1_beta", "1_mean", "1_var", "3_W");
        assertThat(model.runningStatistics())
                .containsExactly("1_mean", "1_var", "4_mean", "4_var", "7_mean", "7_var", "10_mean", "10_var");
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> values = new LinkedHashMap<>();
        Map<String, double[]> inputs = new HashMap<>();
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, model.parameters().size());
        model.initialise(1, theta);
        for (Layout.Entry entry : model.parameters().entries()) {
            values.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.BROADCAST));
            inputs.put(entry.name(), part(theta.toDoubles(), model.parameters(), entry.name()));
        }
        double[] x = randomLike("x", new double[1][2 * 16])[0];
        inputs.put("x", x);
        Value batch = b.input("x", Shape.of(2, 1, 4, 4), Program.Scope.TASK);
        Map<String, Value> observed = model.batchStatistics(b, values, batch, ForwardContext.PLAIN);
        Map<String, double[]> found = Runs.once(
                new ReferenceBackend(),
                Precision.DOUBLE,
                b.build(
                        "observe",
                        List.of(
                                new Program.Output("mean", Program.Reduction.PER_TASK, observed.get("1_mean")),
                                new Program.Output("var", Program.Reduction.PER_TASK, observed.get("1_var")))),
                inputs);

        // The first convolution by hand: 3x3 with stride 2 over 4x4, one row and one column of zeros below and right.
        double[] weights = inputs.get("0_W");
        double[] outputs = new double[2 * 4];
        for (int i = 0; i < outputs.length; i++) {
            for (int tap = 0; tap < 9; tap++) {
                int row = i % 4 / 2 * 2 + tap / 3;
                int column = i % 2 * 2 + tap % 3;
                if (row < 4 && column < 4) {
                    outputs[i] += weights[9 * 7 + tap] * x[i / 4 * 16 + row * 4 + column];
                }
            }
        }
        double mean = Arrays.stream(outputs).average().orElseThrow();
        double variance = Arrays.stream(outputs)
                .map(y -> (y - mean) * (y - mean))
                .average()
                .orElseThrow();
        assertThat(found.get("mean")[7]).isCloseTo(mean, within(1e-14));
        assertThat(found.get("var")[7]).isCloseTo(variance, within(1e-14));
    }

    @Test
    void dropoutLayersHaveDifferentMasksAndPreserveTheMean() {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.of(4, 5), Program.Scope.TASK);
        Value key = b.input("key", Shape.of(2), Program.Scope.TASK);
        ForwardContext context = ForwardContext.dropping(key);
        Value first = new Dropout(0.5, 0).apply(b, List.of(), x, context);
        Value second = new Dropout(0.75, 3).apply(b, List.of(), x, context);
        Program program = b.build(
                "dropout",
                List.of(
                        new Program.Output("first", Program.Reduction.PER_TASK, first),
                        new Program.Output("second", Program.Reduction.PER_TASK, second)));
        double[] numbers = randomLike("x", new double[1][20])[0];
        Map<String, double[]> found = Runs.once(
                new ReferenceBackend(), Precision.DOUBLE, program, Map.of("x", numbers, "key", new double[] {8, 9}));
        assertThat(found.get("first")).containsExactly(dropped(numbers, 0.5, 0), within(1e-15));
        assertThat(found.get("second")).containsExactly(dropped(numbers, 0.75, 3), within(1e-15));
        assertThat(new Dropout(0.5, 0).apply(b, List.of(), x, ForwardContext.PLAIN))
                .isSameAs(x);
        assertThatThrownBy(() -> new Dropout(0, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    private static double[] dropped(double[] numbers, double retained, int place) {
        RandomStream stream = RandomStream.of(8, 9, place);
        return Arrays.stream(numbers)
                .map(number -> stream.next24Bits() < retained ? number / retained : 0)
                .toArray();
    }

    @Test
    void imagesThatAreTooSmallForANetworkAreRefusedWithTheLayer() {
        EpisodeLayout small = new EpisodeLayout(Shape.of(1, 12, 12), 5, 5, 5, 5);
        assertThatThrownBy(() -> ModelFactory.of(ModelSettings.preset("conv4-pool"), small))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "model.network cannot take examples of this task source: at layer 15, a window of 2x2 does not "
                                + "fit into images of 1x1 with padding 0, 0");
    }

    private static double[] predictions(Model model, EpisodeLayout layout, double[] support, double[] queries) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> values = new LinkedHashMap<>();
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, model.parameters().size());
        model.initialise(1, theta);
        model.parameters()
                .entries()
                .forEach(entry ->
                        values.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.BROADCAST)));
        Value s = b.input("s", layout.features().stacked(layout.support()), Program.Scope.TASK);
        Value q = b.input("q", layout.features().stacked(layout.query()), Program.Scope.TASK);
        Value output = model.predict(b, values, s, q, ForwardContext.PLAIN);
        Program program = b.build("predict", List.of(new Program.Output("y", Program.Reduction.PER_TASK, output)));
        Map<String, double[]> inputs = new HashMap<>(Map.of("s", support, "q", queries));
        model.parameters().names().forEach(name -> inputs.put(name, part(theta.toDoubles(), model.parameters(), name)));
        return Runs.once(new ReferenceBackend(), Precision.DOUBLE, program, inputs)
                .get("y");
    }

    @Test
    void theSinusoidNetworkComputesItsLayersInOrder() {
        Model model = ModelFactory.of(ModelSettings.preset("mlp-40-40"), SINE);
        Map<String, double[][]> theta = drawn(model, 3);
        double[][] x = {{-1.5}, {0.25}, {4}};
        double[][] y = {{0.5}, {-0.5}, {2}};

        double[][] hidden = relu(dense(x, theta.get("0_W"), theta.get("0_b")));
        hidden = relu(dense(hidden, theta.get("1_W"), theta.get("1_b")));
        double[][] expected = dense(hidden, theta.get("2_W"), theta.get("2_b"));
        double error = 0;
        for (int i = 0; i < 3; i++) {
            error += Math.pow(expected[i][0] - y[i][0], 2) / 3;
        }

        Map<String, double[]> found = run(model, theta, Shape.of(3, 1), flat(x), Shape.of(3, 1), flat(y));
        assertThat(found.get("output")).containsExactly(flat(expected), within(1e-14));
        assertThat(found.get("loss")[0]).isCloseTo(error, within(1e-14));
        assertThat(found).doesNotContainKey("accuracy");
    }

    @Test
    void theOmniglotNetworkNormalisesEachBatchByItsOwnStatistics() {
        EpisodeLayout layout = new EpisodeLayout(Shape.of(1, 3, 2), 4, 4, 4, 4);
        Model model = ModelFactory.of(new ModelSettings("omniglot-fc", "glorot-normal", "query"), layout);
        Map<String, double[][]> theta = drawn(model, 4);
        theta.replaceAll(
                (name, array) -> name.endsWith("gamma") || name.endsWith("beta") ? randomLike(name, array) : array);
        double[][] x = randomLike("x", new double[7][6]);
        double[] labels = {0, 3, 1, 2, 2, 0, 1};

        double[][] hidden = x;
        for (int layer = 0; layer < 12; layer += 3) {
            hidden = dense(hidden, theta.get(layer + "_W"), new double[1][theta.get(layer + "_W")[0].length]);
            hidden = relu(normalised(hidden, theta.get(layer + 1 + "_gamma")[0], theta.get(layer + 1 + "_beta")[0]));
        }
        double[][] expected = dense(hidden, theta.get("12_W"), theta.get("12_b"));
        double loss = 0;
        double right = 0;
        for (int i = 0; i < 7; i++) {
            double total = Arrays.stream(expected[i]).map(Math::exp).sum();
            loss -= Math.log(Math.exp(expected[i][(int) labels[i]]) / total) / 7;
            double greatest = Arrays.stream(expected[i]).max().orElseThrow();
            right += expected[i][(int) labels[i]] == greatest ? 1 / 7.0 : 0;
        }

        Map<String, double[]> found = run(model, theta, Shape.of(7, 1, 3, 2), flat(x), Shape.of(7), labels);
        assertThat(found.get("output")).containsExactly(flat(expected), within(1e-11));
        assertThat(found.get("loss")[0]).isCloseTo(loss, within(1e-12));
        assertThat(found.get("accuracy")[0]).isCloseTo(right, within(1e-12));
        assertThat(right).isBetween(0.1, 0.9);
    }

    @Test
    void crossEntropyStaysFiniteForLargeOutputs() {
        ProgramBuilder b = new ProgramBuilder();
        Value output = b.input("output", Shape.of(1, 2), Program.Scope.TASK);
        Value y = b.input("y", Shape.of(1), Program.Scope.TASK);
        Program program = b.build(
                "great",
                List.of(new Program.Output(
                        "loss", Program.Reduction.PER_TASK, Loss.SOFTMAX_CROSS_ENTROPY.of(b, output, Targets.of(y)))));
        Map<String, double[]> inputs = Map.of("output", new double[] {-1000, 2000}, "y", new double[] {0});
        assertThat(Runs.once(new ReferenceBackend(), Precision.FLOAT, program, inputs)
                        .get("loss"))
                .containsExactly(3000);
    }

    @Test
    void squaredErrorIsAMeanOverExamplesAndOutputs() {
        ProgramBuilder b = new ProgramBuilder();
        Value output = b.input("output", Shape.of(2, 2), Program.Scope.TASK);
        Value y = b.input("y", Shape.of(2, 2), Program.Scope.TASK);
        Program program = b.build(
                "mean",
                List.of(new Program.Output(
                        "loss", Program.Reduction.PER_TASK, Loss.MEAN_SQUARED_ERROR.of(b, output, Targets.of(y)))));
        Map<String, double[]> inputs = Map.of("output", new double[] {1, 2, 3, 4}, "y", new double[] {1, 0, 0, 5});
        // (0 + 4 + 9 + 1) / 4
        assertThat(Runs.once(new ReferenceBackend(), Precision.DOUBLE, program, inputs)
                        .get("loss"))
                .containsExactly(3.5);
    }

    @Test
    void fanInUniformFillsItsRangeAndDrawsBiasesToo() {
        double[] theta = initial("mlp-40-40", "fan-in-uniform", SINE, 1, Precision.DOUBLE);
        Layout layout = ModelFactory.of(ModelSettings.preset("mlp-40-40"), SINE).parameters();
        double bound = 1 / Math.sqrt(40);
        for (String name : List.of("1_W", "1_b", "2_W", "2_b")) {
            assertThat(greatest(part(theta, layout, name))).isLessThanOrEqualTo(bound);
        }
        assertThat(greatest(part(theta, layout, "0_W"))).isBetween(0.9, 1.0);
        assertThat(part(theta, layout, "1_b")).doesNotContain(0.0);
        // Uniform in ±c has variance c²/3.
        assertThat(variance(part(theta, layout, "1_W"))).isCloseTo(bound * bound / 3, within(0.1 * bound * bound / 3));
    }

    @Test
    void truncatedNormalIsTheDefaultOfTheOmniglotNetwork() {
        double[] theta = initial("omniglot-fc", ModelSettings.PRESETS_OWN, FIVE_WAYS, 1, Precision.DOUBLE);
        Layout layout =
                ModelFactory.of(ModelSettings.preset("omniglot-fc"), FIVE_WAYS).parameters();
        double[] weights = part(theta, layout, "0_W");
        assertThat(greatest(weights)).isBetween(0.0199, 0.02);
        // A normal truncated at two standard deviations has 0.7737 of its variance.
        assertThat(variance(weights)).isCloseTo(0.7737e-4, within(0.01e-4));
        assertThat(part(theta, layout, "4_gamma")).containsOnly(1);
        assertThat(part(theta, layout, "4_beta")).containsOnly(0);
        assertThat(part(theta, layout, "12_b")).containsOnly(0);
        assertThat(theta).isEqualTo(initial("omniglot-fc", "truncated-normal-0.01", FIVE_WAYS, 1, Precision.DOUBLE));
    }

    @Test
    void glorotNormalHasItsVariance() {
        double[] theta = initial("omniglot-fc", "glorot-normal", FIVE_WAYS, 1, Precision.DOUBLE);
        Layout layout =
                ModelFactory.of(ModelSettings.preset("omniglot-fc"), FIVE_WAYS).parameters();
        assertThat(variance(part(theta, layout, "0_W"))).isCloseTo(2.0 / (784 + 256), within(0.02e-3));
        assertThat(part(theta, layout, "12_b")).containsOnly(0);
    }

    @Test
    void initialisationIsAFunctionOfTheSeed() {
        double[] once = initial("mlp-40-40", "fan-in-uniform", SINE, 7, Precision.DOUBLE);
        assertThat(initial("mlp-40-40", "fan-in-uniform", SINE, 7, Precision.DOUBLE))
                .isEqualTo(once);
        assertThat(initial("mlp-40-40", "fan-in-uniform", SINE, 8, Precision.DOUBLE))
                .isNotEqualTo(once);
        double[] rounded = Arrays.stream(once).map(Precision.FLOAT::round).toArray();
        assertThat(initial("mlp-40-40", "fan-in-uniform", SINE, 7, Precision.FLOAT))
                .isEqualTo(rounded);
        Layout layout = ModelFactory.of(ModelSettings.preset("mlp-40-40"), SINE).parameters();
        assertThat(part(once, layout, "0_W")).isNotEqualTo(part(once, layout, "0_b"));
    }

    private static ModelSettings with(String network, NetworkOptions options) {
        return new ModelSettings(network, "fan-in-uniform", "query", options, Optional.empty());
    }

    /** Dense, layer norm, tanh, then an output layer that reads the three inputs too; computed by hand. */
    @Test
    void layerNormIsAppliedBeforeTheActivationAndTheSkipBeforeTheOutputLayer() {
        EpisodeLayout layout = new EpisodeLayout(Shape.of(3), 0, 1, 2, 2);
        Model model = ModelFactory.of(with("mlp-4-tanh", new NetworkOptions(0, true, true)), layout);
        assertThat(shapes(model.parameters()))
                .containsExactly(
                        Map.entry("0_W", Shape.of(3, 4)),
                        Map.entry("0_b", Shape.of(1, 4)),
                        Map.entry("1_gamma", Shape.of(1, 4)),
                        Map.entry("1_beta", Shape.of(1, 4)),
                        Map.entry("3_W", Shape.of(7, 1)),
                        Map.entry("3_b", Shape.of(1, 1)));
        double[][] w = {{1, -2, 0.5, 3}, {0, 1, 1, -1}, {2, 0.25, -1, 0}};
        double[] b = {0.1, 0.2, -0.3, 0};
        double[] gamma = {1, 2, 0.5, -1};
        double[] beta = {0, 0.1, 0.2, 0.3};
        double[] out = {0.5, -1, 2, 1, 0.25, -0.75, 1.5};
        double[] x = {0.4, -1.2, 2};
        double[] h = new double[4];
        for (int j = 0; j < 4; j++) {
            h[j] = b[j] + x[0] * w[0][j] + x[1] * w[1][j] + x[2] * w[2][j];
        }
        double mean = Arrays.stream(h).average().orElseThrow();
        double variance = Arrays.stream(h)
                .map(each -> (each - mean) * (each - mean))
                .average()
                .orElseThrow();
        double expected = 0.7;
        for (int j = 0; j < 4; j++) {
            expected += out[j] * Math.tanh(gamma[j] * (h[j] - mean) / Math.sqrt(variance + 1e-5) + beta[j]);
        }
        for (int i = 0; i < 3; i++) {
            expected += out[4 + i] * x[i];
        }
        Map<String, double[][]> theta = Map.of(
                "0_W", w,
                "0_b", new double[][] {b},
                "1_gamma", new double[][] {gamma},
                "1_beta", new double[][] {beta},
                "3_W", Arrays.stream(out).mapToObj(each -> new double[] {each}).toArray(double[][]::new),
                "3_b", new double[][] {{0.7}});
        double[] found = run(model, theta, Shape.of(1, 3), x, Shape.of(1, 1), new double[] {0})
                .get("output");
        assertThat(found[0]).isCloseTo(expected, within(1e-12));
    }

    @Test
    void theEncoderOfANetworkWithASkipEndsInTheInputs() {
        EpisodeLayout layout = new EpisodeLayout(Shape.of(3), 0, 1, 2, 2);
        Model model = ModelFactory.of(with("dense-4-tanh", new NetworkOptions(0, false, true)), layout);
        assertThat(model.parameters().shape("1_W")).isEqualTo(Shape.of(7, 1));
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> values = new LinkedHashMap<>();
        for (String name : List.of("0_W", "0_b")) {
            values.put(name, b.input(name, model.parameters().shape(name), Program.Scope.BROADCAST));
        }
        Value x = b.input("x", Shape.of(2, 3), Program.Scope.TASK);
        Value encoded = model.encoder().output(b, values, x, ForwardContext.PLAIN);
        Program program = b.build("encoder", List.of(new Program.Output("e", Program.Reduction.PER_TASK, encoded)));
        double[] inputs = {1, 2, 3, 4, 5, 6};
        double[] found = Runs.once(
                        new ReferenceBackend(),
                        Precision.DOUBLE,
                        program,
                        Map.of("x", inputs, "0_W", new double[12], "0_b", new double[4]))
                .get("e");
        assertThat(found).containsExactly(0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 4, 5, 6);
    }

    @Test
    void dropoutByOptionIsThatOfTheLayersWrittenOut() {
        Model option = ModelFactory.of(with("mlp-8-8-silu", new NetworkOptions(0.1, false, false)), SINE);
        Model written =
                ModelFactory.of(ModelSettings.preset("dense-8-silu, dropout-0.9, dense-8-silu, dropout-0.9"), SINE);
        assertThat(option.random()).isTrue();
        assertThat(option.parameters()).isEqualTo(written.parameters());
        assertThat(train(option)).isEqualTo(train(written));
    }

    /** The printed program of a pass with dropout. */
    private static String train(Model model) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> values = new LinkedHashMap<>();
        model.parameters()
                .entries()
                .forEach(entry ->
                        values.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.BROADCAST)));
        Value key = b.input("key", Shape.of(2), Program.Scope.TASK);
        Value x = b.input("x", Shape.of(4, 1), Program.Scope.TASK);
        Value output = model.output(b, values, x, ForwardContext.dropping(key));
        return b.build("pass", List.of(new Program.Output("output", Program.Reduction.PER_TASK, output)))
                .toString();
    }

    @Test
    void optionsThatANetworkCannotHaveAreRefused() {
        assertThatThrownBy(() -> new NetworkOptions(1, false, false))
                .hasMessage("model.dropout is 1.0; it must be at least 0 and below 1");
        assertThatThrownBy(() -> with("conv4", new NetworkOptions(0.1, false, false)))
                .hasMessage("model.dropout is 0.1 and model.network is conv4; it must be "
                        + "mlp-UNITS[-UNITS...][-ACTIVATION], or layers with dropout-SHARE and layer-norm among them");
        assertThatThrownBy(() -> with("dense-4, tanh", new NetworkOptions(0, true, false)))
                .hasMessageStartingWith("model.layer-norm is true and model.network is dense-4, tanh; it must be mlp-");
        assertThatThrownBy(() -> with("conv4", new NetworkOptions(0, false, true)))
                .hasMessage("model.skip is true and model.network is conv4; it must be "
                        + "mlp-UNITS[-UNITS...][-ACTIVATION] or layers");
        assertThatThrownBy(() -> ModelFactory.of(ModelSettings.preset("conv-4-3, layer-norm"), FIVE_WAYS))
                .hasMessageContaining("layer norm of 3136 units cannot take examples of shape [4, 28, 28]");
    }

    @Test
    void wrongSettingsAreRefusedWithWhatIsAllowed() {
        assertThatThrownBy(() -> ModelSettings.preset("mlp"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "model.network is mlp; it must be one of mlp-40-40, mlp-40-tanh, omniglot-fc, conv4, "
                                + "conv4-pool, conv4-pool-32, conv4-relation, simple-cnn, mlp-UNITS[-UNITS...]")
                .hasMessageEndingWith(" or the path of a Deeplearning4j configuration (JSON) or zip that is there");
        assertThatThrownBy(() -> new ModelSettings("mlp-40-40", "ones", "query"))
                .hasMessage(
                        "model.initializer is ones; it must be one of preset, fan-in-uniform, truncated-normal-0.01, "
                                + "he-normal, glorot-normal");
        assertThatThrownBy(() -> new ModelSettings("mlp-40-40", "preset", "own"))
                .hasMessage("model.batch-norm is own; it must be one of query, support-and-query, support-and-one, "
                        + "running");
    }

    private static Map<String, double[]> run(
            Model model, Map<String, double[][]> theta, Shape xShape, double[] x, Shape yShape, double[] y) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> values = new LinkedHashMap<>();
        Map<String, double[]> inputs = new HashMap<>(Map.of("x", x, "y", y));
        for (Layout.Entry entry : model.parameters().entries()) {
            values.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.BROADCAST));
            inputs.put(entry.name(), flat(theta.get(entry.name())));
        }
        Value target = b.input("y", yShape, Program.Scope.TASK);
        Value output = model.output(b, values, b.input("x", xShape, Program.Scope.TASK), ForwardContext.PLAIN);
        List<Program.Output> outputs = new ArrayList<>();
        outputs.add(new Program.Output("output", Program.Reduction.PER_TASK, output));
        outputs.add(new Program.Output("loss", Program.Reduction.PER_TASK, model.loss(b, output, Targets.of(target))));
        model.accuracy(b, output, Targets.of(target))
                .ifPresent(
                        accuracy -> outputs.add(new Program.Output("accuracy", Program.Reduction.PER_TASK, accuracy)));
        return Runs.once(new ReferenceBackend(), Precision.DOUBLE, b.build("forward", outputs), inputs);
    }

    private static Map<String, Shape> shapes(Layout layout) {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        layout.entries().forEach(entry -> shapes.put(entry.name(), entry.shape()));
        return shapes;
    }

    private static double[] initial(
            String network, String initializer, EpisodeLayout layout, long seed, Precision precision) {
        Model model = ModelFactory.of(new ModelSettings(network, initializer, "query"), layout);
        FlatVector theta = FlatVector.zeros(precision, model.parameters().size());
        model.initialise(seed, theta);
        return theta.toDoubles();
    }

    private static double[] part(double[] theta, Layout layout, String name) {
        int offset = layout.offset(name);
        return Arrays.copyOfRange(theta, offset, offset + layout.shape(name).size());
    }

    private static double greatest(double[] numbers) {
        return Arrays.stream(numbers).map(Math::abs).max().orElseThrow();
    }

    private static double variance(double[] numbers) {
        double mean = Arrays.stream(numbers).average().orElseThrow();
        return Arrays.stream(numbers)
                .map(v -> (v - mean) * (v - mean))
                .average()
                .orElseThrow();
    }

    /** The initial parameters as matrices. */
    private static Map<String, double[][]> drawn(Model model, long seed) {
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, model.parameters().size());
        model.initialise(seed, theta);
        Map<String, double[][]> matrices = new LinkedHashMap<>();
        for (Layout.Entry entry : model.parameters().entries()) {
            double[] flat = part(theta.toDoubles(), model.parameters(), entry.name());
            int columns = entry.shape().dim(1);
            matrices.put(
                    entry.name(),
                    IntStream.range(0, entry.shape().dim(0))
                            .mapToObj(i -> Arrays.copyOfRange(flat, i * columns, (i + 1) * columns))
                            .toArray(double[][]::new));
        }
        return matrices;
    }

    private static double[][] randomLike(String name, double[][] shape) {
        RandomStream stream = RandomStream.of(name.hashCode());
        return Arrays.stream(shape)
                .map(row -> Arrays.stream(row).map(v -> stream.nextNormal()).toArray())
                .toArray(double[][]::new);
    }

    private static double[][] dense(double[][] x, double[][] w, double[][] b) {
        double[][] out = new double[x.length][w[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < w[0].length; j++) {
                out[i][j] = b[0][j];
                for (int k = 0; k < w.length; k++) {
                    out[i][j] += x[i][k] * w[k][j];
                }
            }
        }
        return out;
    }

    private static double[][] relu(double[][] x) {
        return Arrays.stream(x)
                .map(row -> Arrays.stream(row).map(v -> Math.max(v, 0)).toArray())
                .toArray(double[][]::new);
    }

    private static double[][] normalised(double[][] x, double[] gamma, double[] beta) {
        double[][] out = new double[x.length][x[0].length];
        for (int j = 0; j < x[0].length; j++) {
            int column = j;
            double mean =
                    Arrays.stream(x).mapToDouble(row -> row[column]).average().orElseThrow();
            double variance = Arrays.stream(x)
                    .mapToDouble(row -> Math.pow(row[column] - mean, 2))
                    .average()
                    .orElseThrow();
            for (int i = 0; i < x.length; i++) {
                out[i][j] = gamma[j] * (x[i][j] - mean) / Math.sqrt(variance + 1e-5) + beta[j];
            }
        }
        return out;
    }

    private static double[] flat(double[][] matrix) {
        return Arrays.stream(matrix).flatMapToDouble(Arrays::stream).toArray();
    }
}
