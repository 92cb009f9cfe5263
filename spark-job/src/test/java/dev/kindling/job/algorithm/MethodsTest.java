package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.program.Program;
import dev.kindling.job.program.passes.Passes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the methods with loops in Java over first-order gradients. */
class MethodsTest {
    private static final OptionsForTests USUAL = OptionsForTests.usual();

    private static Map<String, double[]> train(Setting setting, Algorithm algorithm, int round) {
        return Setting.run(algorithm.train(setting.model(), setting.layout(), round), setting.inputs(algorithm, round));
    }

    private static double[] curve(Setting setting, Algorithm algorithm, int steps) {
        return Setting.run(algorithm.evaluate(setting.model(), setting.layout(), steps), setting.inputs(algorithm, 0))
                .get("loss");
    }

    private static double queryLoss(Setting setting, Map<String, double[]> phi) {
        return setting.gradient(phi, "query").get("loss")[0];
    }

    /** The update rules of the papers, for one array. */
    private static final class Rule {
        private final String name;
        private final double rate;
        private final double beta1;
        private final double beta2;
        private final Map<String, double[]> first = new HashMap<>();
        private final Map<String, double[]> second = new HashMap<>();
        private int steps;

        Rule(String name, double rate, double beta1, double beta2) {
            this.name = name;
            this.rate = rate;
            this.beta1 = beta1;
            this.beta2 = beta2;
        }

        void step(Map<String, double[]> phi, Map<String, double[]> gradients) {
            steps++;
            phi.forEach((array, numbers) -> {
                double[] gradient = gradients.get(array);
                double[] m = first.computeIfAbsent(array, key -> new double[numbers.length]);
                double[] v = second.computeIfAbsent(array, key -> new double[numbers.length]);
                for (int i = 0; i < numbers.length; i++) {
                    double g = gradient[i];
                    switch (name) {
                        case "sgd" -> numbers[i] -= rate * g;
                        case "momentum" -> {
                            m[i] = beta1 * m[i] + g;
                            numbers[i] -= rate * m[i];
                        }
                        case "rmsprop" -> {
                            v[i] = beta2 * v[i] + (1 - beta2) * g * g;
                            numbers[i] -= rate * g / (Math.sqrt(v[i]) + 1e-8);
                        }
                        case "adam" -> {
                            m[i] = beta1 * m[i] + (1 - beta1) * g;
                            v[i] = beta2 * v[i] + (1 - beta2) * g * g;
                            double mean = m[i] / (1 - Math.pow(beta1, steps));
                            double square = v[i] / (1 - Math.pow(beta2, steps));
                            numbers[i] -= rate * mean / (Math.sqrt(square) + 1e-8);
                        }
                        default -> throw new IllegalArgumentException(name);
                    }
                }
            });
        }
    }

    private static Map<String, double[]> copy(Map<String, double[]> arrays) {
        Map<String, double[]> copy = new HashMap<>();
        arrays.forEach((name, numbers) -> copy.put(name, numbers.clone()));
        return copy;
    }

    private static Map<String, double[]> adapted(Setting setting, Rule rule, int steps, int batch) {
        Map<String, double[]> phi = copy(setting.theta());
        int examples = setting.layout().support();
        for (int step = 0; step < steps; step++) {
            int first = step * batch;
            int[] rows =
                    IntStream.range(0, batch).map(i -> (first + i) % examples).toArray();
            rule.step(phi, setting.gradientOfRows(phi, rows));
        }
        return phi;
    }

    @ParameterizedTest
    @CsvSource({"sgd, 0.9", "momentum, 0.9", "momentum, 0.5", "rmsprop, 0.9", "adam, 0.9", "adam, 0"})
    void innerOptimizersFollowTheirPapers(String optimizer, double beta1) {
        Setting setting = Setting.named("mlp-40-tanh");
        int steps = 4;
        Algorithm algorithm = Algorithms.named(
                "fomaml",
                USUAL.with(0.03, steps)
                        .with("algorithm.inner-optimizer", optimizer)
                        .with("algorithm.inner-beta1", beta1));
        Map<String, double[]> phi = adapted(
                setting,
                new Rule(optimizer, 0.03, beta1, 0.999),
                steps,
                setting.layout().support());
        Map<String, double[]> expected = setting.gradient(phi, "query");
        Map<String, double[]> found = train(setting, algorithm, 0);
        for (String name : setting.model().parameters().names()) {
            assertThat(found.get(name)).as(name).containsExactly(expected.get(name), within(1e-9));
        }
        double[] curve = curve(setting, algorithm, steps);
        assertThat(curve[steps]).isCloseTo(queryLoss(setting, phi), within(1e-10));
    }

    @ParameterizedTest
    @CsvSource({"sgd, 5, 3", "sgd, 2, 1", "sgd, 2, 4", "adam, 2, 6", "adam, 3, 5"})
    void reptileContributesTheDifferenceThatMiniBatchesMade(String optimizer, int batch, int steps) {
        Setting setting = Setting.named("mlp-40-tanh");
        Algorithm algorithm = Algorithms.named(
                "reptile",
                USUAL.with(0.02, steps)
                        .with("algorithm.inner-optimizer", optimizer)
                        .with("reptile.batch", batch)
                        .with("reptile.evaluation-batch", batch));
        Map<String, double[]> phi = adapted(setting, new Rule(optimizer, 0.02, 0.9, 0.999), steps, batch);
        Map<String, double[]> found = train(setting, algorithm, 0);
        Map<String, double[]> theta = setting.theta();
        for (String name : setting.model().parameters().names()) {
            double[] delta = Setting.sum(theta.get(name), phi.get(name), -1);
            assertThat(found.get(name)).as(name).containsExactly(delta, within(1e-11));
        }
        assertThat(found.get("query_loss")[0]).isCloseTo(queryLoss(setting, phi), within(1e-11));
        assertThat(curve(setting, algorithm, steps)[steps]).isCloseTo(queryLoss(setting, phi), within(1e-11));

        Algorithm scaled = Algorithms.named(
                "reptile",
                USUAL.with(0.02, steps)
                        .with("algorithm.inner-optimizer", optimizer)
                        .with("reptile.batch", batch)
                        .with("reptile.step", "optimizer"));
        assertThat(scaled.interpolationRateKey()).isEmpty();
        assertThat(algorithm.interpolationRateKey()).contains("reptile.step");
        double ratio = train(setting, scaled, 0).get("0_W")[3] / found.get("0_W")[3];
        assertThat(ratio).isCloseTo(1 / (steps * 0.02), within(1e-9));
    }

    /** The steps of two tasks at once equal those of one task after the other with carried moments. */
    @Test
    void carriedMomentsContinueFromTheLastTask() {
        Setting setting = Setting.named("mlp-40-tanh");
        OptionsForTests options = USUAL.with(0.02, 3).with("algorithm.inner-optimizer", "adam");
        Algorithm carrying = Algorithms.named("reptile", options.with("reptile.carry-moments", true));
        Map<String, double[]> inputs = setting.inputs(carrying, 0);
        Map<String, double[]> first = Setting.run(carrying.train(setting.model(), setting.layout()), inputs);
        Map<String, double[]> next = new HashMap<>(inputs);
        for (String name : carrying.parameters(setting.model()).names()) {
            next.put(name, Setting.sum(inputs.get(name), first.get(name), -1));
        }
        Map<String, double[]> second = Setting.run(carrying.train(setting.model(), setting.layout()), next);
        Map<String, double[]> atOnce = train(setting, Algorithms.named("reptile", options.with(0.02, 6)), 0);
        for (String name : setting.model().parameters().names()) {
            double[] both = Setting.sum(first.get(name), second.get(name), 1);
            assertThat(both).as(name).containsExactly(atOnce.get(name), within(1e-11));
        }
        assertThat(carrying.runningStatistics(setting.model()))
                .containsEntry("reptile.moment.square.0_W", 1.0)
                .containsEntry("reptile.power.beta2", 1.0)
                .doesNotContainKey("0_W");
    }

    /** The mean over tasks is computed as a difference from θ, so a square close to 0 may become negative. */
    @Test
    void aCarriedSquareThatRoundingMadeNegativeCountsAsZero() {
        Setting setting = Setting.named("mlp-40-tanh");
        Algorithm carrying = Algorithms.named(
                "reptile",
                USUAL.with(0.02, 3).with("algorithm.inner-optimizer", "rmsprop").with("reptile.carry-moments", true));
        Map<String, double[]> inputs = setting.inputs(carrying, 0);
        Map<String, double[]> zero = Setting.run(carrying.train(setting.model(), setting.layout()), inputs);
        // Far below 0, so that the task's own squares do not outweigh it.
        Arrays.fill(inputs.get("reptile.moment.square.0_W"), -1);
        Map<String, double[]> below = Setting.run(carrying.train(setting.model(), setting.layout()), inputs);
        for (String name : setting.model().parameters().names()) {
            assertThat(below.get(name)).as(name).isEqualTo(zero.get(name));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mlp-40-tanh", "omniglot-fc"})
    void theDerivativeByARateIsMinusQueryGradientTimesSupportGradient(String network) {
        Setting setting = Setting.named(network);
        Algorithm algorithm = Algorithms.named("meta-sgd", USUAL.with("meta-sgd.learning-rate", List.of(-0.3, 0.3)));
        Map<String, double[]> inputs = setting.inputs(algorithm, 0);
        Map<String, double[]> support = setting.gradient(setting.theta(), "support");
        Map<String, double[]> phi = new HashMap<>();
        setting.theta().forEach((name, numbers) -> {
            double[] moved = numbers.clone();
            for (int i = 0; i < moved.length; i++) {
                moved[i] -= inputs.get("meta-sgd." + name)[i] * support.get(name)[i];
            }
            phi.put(name, moved);
        });
        Map<String, double[]> query = setting.gradient(phi, "query");
        Map<String, double[]> found = train(setting, algorithm, 0);
        for (String name : setting.model().parameters().names()) {
            double[] expected = new double[query.get(name).length];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = -query.get(name)[i] * support.get(name)[i];
            }
            assertThat(found.get("meta-sgd." + name)).as(name).containsExactly(expected, within(1e-11));
        }
    }

    @Test
    void ratesAreInitiallyAsConfigured() {
        Setting setting = Setting.named("mlp-40-tanh");
        Map<String, double[]> drawn = setting.inputs(Algorithms.named("meta-sgd", USUAL), 0);
        double[] rates = drawn.get("meta-sgd.0_W");
        assertThat(Arrays.stream(rates).allMatch(rate -> rate >= 0.005 && rate <= 0.1))
                .isTrue();
        assertThat(rates).doesNotHaveDuplicates();
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> Algorithms.named("meta-sgd", USUAL.with("meta-sgd.learning-rate", List.of(0.1, 0.005))))
                .withMessage("meta-sgd.learning-rate is [0.1, 0.005]; its first number must not be above its second");
    }

    @Test
    void anilAdaptsTheOutputLayerOnly() {
        Setting setting = Setting.named("mlp-40-tanh");
        Algorithm anil = Algorithms.named("anil", USUAL.with(0.1, 3));
        Map<String, double[]> phi =
                Setting.run(anil.adapt(setting.model(), setting.layout()).orElseThrow(), setting.inputs(anil, 0));
        assertThat(phi.get("0_W")).isEqualTo(setting.theta().get("0_W"));
        assertThat(phi.get("0_b")).isEqualTo(setting.theta().get("0_b"));
        Map<String, double[]> expected = setting.adapted(3, (step, parameters) -> {
            Map<String, double[]> gradient = setting.gradient(parameters, "support");
            for (String name : List.of("1_W", "1_b")) {
                parameters.put(name, Setting.sum(parameters.get(name), gradient.get(name), -0.1));
            }
        });
        assertThat(phi.get("1_W")).containsExactly(expected.get("1_W"), within(1e-12));
        Algorithm all = Algorithms.named("anil", USUAL.with(0.1, 3).with("anil.adapt", List.of("*")));
        Map<String, double[]> maml = train(setting, Algorithms.named("maml", USUAL.with(0.1, 3)), 0);
        train(setting, all, 0)
                .forEach(
                        (name, numbers) -> assertThat(numbers).as(name).containsExactly(maml.get(name), within(1e-12)));
    }

    @Test
    void aPatternThatMatchesNothingIsRefused() {
        Setting setting = Setting.named("mlp-40-tanh");
        Algorithm anil = Algorithms.named("anil", USUAL.with("anil.adapt", List.of("1_*", "7_W")));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> anil.train(setting.model(), setting.layout()))
                .withMessage("anil.adapt has 7_W, which fits none of the parameters 0_W, 0_b, 1_W, 1_b");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Algorithms.named("anil", USUAL.with("anil.adapt", List.of())))
                .withMessageStartingWith("anil.adapt is empty");
    }

    /** K = 4, E = 10: max(1/4 - e/40, 0.03/4) for all but the last, which takes the rest. */
    @ParameterizedTest
    @CsvSource({"0, 0.25", "5, 0.125", "9, 0.025", "10, 0", "50, 0"})
    void theWeightsOfStepLossesDependOnTheRound(int round, double weight) {
        Setting setting = Setting.named("mlp-40-tanh");
        OptionsForTests options = USUAL.with(0.1, 4);
        double[] losses = curve(setting, Algorithms.named("maml", options), 4);
        double expected = weight * (losses[1] + losses[2] + losses[3]) + (1 - 3 * weight) * losses[4];
        Algorithm algorithm = Algorithms.named("maml-plus-plus", options.with("maml-plus-plus.anneal", 10));
        Map<String, double[]> found = train(setting, algorithm, round);
        assertThat(found.get("objective")[0]).isCloseTo(expected, within(1e-12));
        assertThat(found.get("query_loss")[0]).isCloseTo(losses[4], within(1e-12));
        // Steps beyond the fourth use the rates of the fourth.
        assertThat(curve(setting, algorithm, 6))
                .containsExactly(curve(setting, Algorithms.named("maml", options), 6), within(1e-12));
    }

    @Test
    void itIsFirstOrderUntilItsRoundAndExactFromThereOn() {
        Setting setting = Setting.named("mlp-40-tanh");
        OptionsForTests options = USUAL.with(0.1, 3);
        Algorithm algorithm = Algorithms.named("maml-plus-plus", options.with("maml-plus-plus.first-order-until", 7));
        Map<String, double[]> first = train(setting, Algorithms.named("fomaml", options), 0);
        Map<String, double[]> second = train(setting, Algorithms.named("maml", options), 0);
        for (String name : setting.model().parameters().names()) {
            assertThat(train(setting, algorithm, 6).get(name)).containsExactly(first.get(name), within(1e-12));
            assertThat(train(setting, algorithm, 7).get(name)).containsExactly(second.get(name), within(1e-12));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void roundsOfFirstOrderHaveNoArithmeticOfTheSecond(int steps) {
        Setting setting = Setting.named("mlp-40-tanh");
        OptionsForTests options = USUAL.with(0.1, steps);
        Algorithm algorithm = Algorithms.named("maml-plus-plus", options.with("maml-plus-plus.first-order-until", 7));
        Program first = algorithm.train(setting.model(), setting.layout(), 6);
        Program second = algorithm.train(setting.model(), setting.layout(), 7);
        Program fomaml = Algorithms.named("fomaml", options).train(setting.model(), setting.layout());
        // Learned rates cost a few multiplications for each array; the derivative of the inner gradient costs products.
        assertThat(products(first)).isEqualTo(products(fomaml)).isLessThan(products(second));
        assertThat(algorithm.trainFirstOrder(setting.model(), setting.layout())).contains(first);
        assertThat(Algorithms.named("maml-plus-plus", options).trainFirstOrder(setting.model(), setting.layout()))
                .isEmpty();
    }

    /** The number of matrix products of a program after equal loops are merged, as every backend does. */
    private static long products(Program program) {
        return Passes.canonicalize(program)
                .toString()
                .lines()
                .filter(line -> line.contains("matmul"))
                .count();
    }

    /** The gamma of a step affects that step only: changing it changes no earlier loss. */
    @Test
    void everyStepHasItsOwnGamma() {
        Setting setting = Setting.named("omniglot-fc");
        Algorithm algorithm = Algorithms.named("maml-plus-plus", USUAL.with(0.1, 3));
        Map<String, double[]> inputs = setting.inputs(algorithm, 0);
        double[] before = Setting.run(algorithm.evaluate(setting.model(), setting.layout(), 3), inputs)
                .get("loss");
        double[] gamma = inputs.get("maml-plus-plus.1_gamma").clone();
        assertThat(gamma).hasSize(2 * setting.theta().get("1_gamma").length).containsOnly(1);
        gamma[gamma.length - 1] = 3;
        Map<String, double[]> moved = new HashMap<>(inputs);
        moved.put("maml-plus-plus.1_gamma", gamma);
        double[] after = Setting.run(algorithm.evaluate(setting.model(), setting.layout(), 3), moved)
                .get("loss");
        assertThat(new double[] {after[0], after[1], after[2]}).containsExactly(before[0], before[1], before[2]);
        assertThat(after[3]).isNotEqualTo(before[3]);
    }

    @Test
    void transferIsTheQueryGradientAndRandomIsZero() {
        Setting setting = Setting.named("mlp-40-tanh");
        Map<String, double[]> expected = setting.gradient(setting.theta(), "query");
        Map<String, double[]> transfer = train(setting, Algorithms.named("transfer", USUAL), 0);
        Map<String, double[]> random = train(setting, Algorithms.named("random", USUAL), 0);
        for (String name : setting.model().parameters().names()) {
            assertThat(transfer.get(name)).containsExactly(expected.get(name), within(1e-12));
            assertThat(random.get(name)).containsOnly(0);
        }
    }

    /** The features come from the model's program; everything after them is implemented here. */
    @ParameterizedTest
    @CsvSource({"euclidean, 1", "cosine, 10"})
    void prototypicalNetworksFollowTheirPaper(String measure, double scale) {
        Setting setting = Setting.named("omniglot-fc");
        Algorithm algorithm = Algorithms.named(
                "proto-net", USUAL.with("proto-net.measure", measure).with("proto-net.scale", scale));
        double[][] support = setting.features("support");
        double[][] query = setting.features("query");
        double[] labels = setting.inputs().get("support.y");
        double[] queryLabels = setting.inputs().get("query.y");
        int ways = setting.layout().classes();
        double loss = 0;
        for (int i = 0; i < query.length; i++) {
            double[] logits = new double[ways];
            for (int way = 0; way < ways; way++) {
                double[] c = prototype(support, labels, way);
                double[] away = Setting.sum(query[i], c, -1);
                logits[way] = measure.equals("euclidean")
                        ? -dot(away, away)
                        : scale * dot(query[i], c) / Math.sqrt(dot(query[i], query[i]) * dot(c, c));
            }
            double total = 0;
            for (double logit : logits) {
                total += Math.exp(logit - logits[(int) queryLabels[i]]);
            }
            loss += Math.log(total) / query.length;
        }
        assertThat(train(setting, algorithm, 0).get("query_loss")[0]).isCloseTo(loss, within(1e-9));
        assertThat(curve(setting, algorithm, 5)).hasSize(1);
    }

    /** W = 2c and b = -‖c‖² give 2 f·c - ‖c‖², a prototypical network's logits but for ‖f‖², which the softmax drops. */
    @Test
    void protoMamlIsInitiallyAPrototypicalNetwork() {
        Setting setting = Setting.named("omniglot-fc");
        double[] curve = curve(setting, Algorithms.named("proto-maml", USUAL.with(0.1, 1)), 2);
        double[] net = curve(setting, Algorithms.named("proto-net", USUAL), 2);
        assertThat(curve[0]).isCloseTo(net[0], within(1e-9));
        assertThat(curve[2]).isNotEqualTo(curve[0]);
    }

    /** The body stays that of θ; a step descends from W = 2c and b = -‖c‖². */
    @Test
    void protoMamlMayAdaptTheOutputLayerAlone() {
        Setting setting = Setting.named("omniglot-fc");
        Algorithm algorithm =
                Algorithms.named("proto-maml", USUAL.with(0.1, 2).with("proto-maml.adapt", List.of("head")));
        Map<String, double[]> expected = setting.theta();
        putPrototypes(setting, expected);
        for (int step = 0; step < 2; step++) {
            Map<String, double[]> gradient = setting.gradient(expected, "support");
            for (String name : setting.model().head()) {
                expected.put(name, Setting.sum(expected.get(name), gradient.get(name), -0.1));
            }
        }
        Map<String, double[]> phi = Setting.run(
                algorithm.adapt(setting.model(), setting.layout()).orElseThrow(), setting.inputs(algorithm, 0));
        setting.model()
                .parameters()
                .names()
                .forEach(name -> assertThat(phi.get(name))
                        .as(name)
                        .containsExactly(
                                expected.get(name),
                                within(setting.model().head().contains(name) ? 1e-11 : 0)));
    }

    /** Puts the output layer that the prototypes of a setting's support set make. */
    private static void putPrototypes(Setting setting, Map<String, double[]> parameters) {
        double[][] features = setting.features("support");
        double[] labels = setting.inputs().get("support.y");
        int ways = setting.layout().classes();
        double[] weights = new double[features[0].length * ways];
        double[] bias = new double[ways];
        for (int way = 0; way < ways; way++) {
            double[] c = prototype(features, labels, way);
            for (int k = 0; k < c.length; k++) {
                weights[k * ways + way] = 2 * c[k];
            }
            bias[way] = -dot(c, c);
        }
        parameters.put(setting.model().head().get(0), weights);
        parameters.put(setting.model().head().get(1), bias);
    }

    /** The mean features of a class. */
    private static double[] prototype(double[][] features, double[] labels, int way) {
        double[] c = new double[features[0].length];
        int members = 0;
        for (int i = 0; i < features.length; i++) {
            if (labels[i] == way) {
                c = Setting.sum(c, features[i], 1);
                members++;
            }
        }
        for (int k = 0; k < c.length; k++) {
            c[k] /= members;
        }
        return c;
    }

    @Test
    void methodsThatNeedClassesRefuseRegression() {
        Setting setting = Setting.named("mlp-40-tanh");
        for (String method : List.of("proto-net", "proto-maml")) {
            Algorithm algorithm = Algorithms.named(method, USUAL);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> algorithm.train(setting.model(), setting.layout()))
                    .withMessageStartingWith("algorithm.name is " + method + "; it needs tasks with classes");
        }
    }

    private static double dot(double[] a, double[] b) {
        double total = 0;
        for (int i = 0; i < a.length; i++) {
            total += a[i] * b[i];
        }
        return total;
    }
}
