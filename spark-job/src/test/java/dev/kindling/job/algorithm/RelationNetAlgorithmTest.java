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
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** Relation networks against loops over their definition, on maps of 4x4 pixels. */
class RelationNetAlgorithmTest {
    private static final EpisodeLayout DRAWINGS = new EpisodeLayout(Shape.of(1, 28, 28), 5, 5, 5, 5);
    private static final Algorithm METHOD = Algorithms.named("relation-net", OptionsForTests.usual());
    private static final double EPSILON = 1e-5;

    @Test
    void theModulesArraysFollowThoseOfTheEncoder() {
        Layout theta = METHOD.parameters(ModelFactory.of(ModelSettings.preset("conv4-relation"), DRAWINGS));
        assertThat(theta.names().stream().filter(name -> name.contains("relation-net")))
                .containsExactly(
                        "relation-net.0_W",
                        "relation-net.1_gamma",
                        "relation-net.1_beta",
                        "relation-net.4_W",
                        "relation-net.5_gamma",
                        "relation-net.5_beta",
                        "relation-net.8_W",
                        "relation-net.8_b",
                        "relation-net.9_W",
                        "relation-net.9_b");
        assertThat(theta.shape("relation-net.0_W")).isEqualTo(Shape.of(64, 128, 3, 3));
        assertThat(theta.shape("relation-net.8_W")).isEqualTo(Shape.of(64, 8));
        assertThat(theta.names()).doesNotContain("14_W");
        int encoder = 576 + 3 * 36_864 + 4 * 128;
        int module = 2 * 36_864 + 36_864 + 2 * 128 + 64 * 8 + 8 + 8 + 1;
        assertThat(theta.size()).isEqualTo(encoder + module);
    }

    @Test
    void aRelationIsTheModulesOutputForAClassAndAQuery() {
        Setting setting = Setting.named("maps query");
        Map<String, double[]> inputs = setting.inputs(METHOD, 0);
        double[][] pairs = pairs(inputs, encoded(inputs, "support.x"), encoded(inputs, "query.x"));
        double[] expected = related(inputs, pairs);
        double[] y = inputs.get("query.y");
        double loss = 0;
        int right = 0;
        for (int i = 0; i < y.length; i++) {
            int best = 0;
            for (int k = 0; k < 3; k++) {
                double off = expected[3 * i + k] - (k == y[i] ? 1 : 0);
                loss += off * off / expected.length;
                best = expected[3 * i + k] > expected[3 * i + best] ? k : best;
            }
            right += best == y[i] ? 1 : 0;
        }
        Model model = setting.model();
        EpisodeLayout layout = setting.layout();
        assertThat(Setting.run(METHOD.predict(model, layout, 0), inputs).get("prediction"))
                .containsExactly(expected, within(1e-12));
        Map<String, double[]> trained = Setting.run(METHOD.train(model, layout), inputs);
        assertThat(trained.get("query_loss")[0]).isCloseTo(loss, within(1e-12));
        assertThat(trained.get("query_accuracy")[0]).isCloseTo(right / 9.0, within(1e-12));
        assertThat(Setting.run(METHOD.evaluate(model, layout, 0), inputs).get("loss"))
                .containsExactly(new double[] {loss}, within(1e-12));
    }

    /** The relations of a query are independent of other queries if batch norm uses the support set or running statistics. */
    @Test
    void relationsDependOnOtherQueriesInTransductiveModesOnly() {
        for (String mode : new String[] {"query", "support-and-query", "support-and-one", "running"}) {
            Setting setting = Setting.named("maps " + mode);
            Map<String, double[]> inputs = setting.inputs(METHOD, 0);
            var predict = METHOD.predict(setting.model(), setting.layout(), 0);
            double before = Setting.run(predict, inputs).get("prediction")[0];
            double[] queries = inputs.get("query.x").clone();
            Arrays.fill(queries, 16, queries.length, 0.5);
            inputs.put("query.x", queries);
            double after = Setting.run(predict, inputs).get("prediction")[0];
            assertThat(Math.abs(after - before) > 1e-9).as(mode).isEqualTo(mode.endsWith("query"));
        }
    }

    @Test
    void runningStatisticsOfEncoderAndModuleAverageTheirBatches() {
        Setting setting = Setting.named("maps running");
        Map<String, double[]> inputs = setting.inputs(METHOD, 0);
        assertThat(METHOD.runningStatistics(setting.model()).keySet())
                .containsExactly(
                        "1_mean",
                        "1_var",
                        "relation-net.1_mean",
                        "relation-net.1_var",
                        "relation-net.5_mean",
                        "relation-net.5_var");
        double[][][] outputs = convolved(images(inputs.get("query.x")), inputs.get("0_W"), 1, 2);
        Map<String, double[]> sums = Setting.run(METHOD.train(setting.model(), setting.layout()), inputs);
        for (int channel = 0; channel < 2; channel++) {
            double mean = moment(outputs, channel, 0, 1);
            assertThat(sums.get("1_mean")[channel]).isCloseTo(-mean, within(1e-12));
            assertThat(sums.get("1_var")[channel]).isCloseTo(1 - moment(outputs, channel, mean, 2), within(1e-12));
        }
        double[][] pairs = pairs(inputs, untouched(inputs, "support.x"), untouched(inputs, "query.x"));
        double[][][] first = convolved(stacks(pairs), inputs.get("relation-net.0_W"), 4, 64);
        for (int channel = 0; channel < 64; channel++) {
            double mean = moment(first, channel, 0, 1);
            assertThat(sums.get("relation-net.1_mean")[channel]).isCloseTo(-mean, within(1e-12));
            assertThat(sums.get("relation-net.1_var")[channel])
                    .isCloseTo(1 - moment(first, channel, mean, 2), within(1e-12));
        }
    }

    @Test
    void tasksWithoutClassesAndEncodersWithoutMapsAreRefused() {
        EpisodeLayout points = new EpisodeLayout(Shape.of(1), 0, 1, 5, 5);
        assertThatThrownBy(() -> METHOD.train(ModelFactory.of(ModelSettings.preset("mlp-40-40"), points), points))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "algorithm.name is relation-net; it needs tasks with classes, as of task.source = few-shot; "
                                + "maml and its relatives serve others");
        assertThatThrownBy(() -> METHOD.train(ModelFactory.of(ModelSettings.preset("conv4"), DRAWINGS), DRAWINGS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("model.network gives [64] before its output layer; algorithm.name = relation-net needs "
                        + "feature maps [channels, height, width] of at least 4x4 pixels there, such as those of "
                        + "conv4-relation for images of 22x22 and more");
        assertThatThrownBy(() -> METHOD.train(ModelFactory.of(ModelSettings.preset("conv4-pool"), DRAWINGS), DRAWINGS))
                .hasMessageStartingWith("model.network gives [64, 1, 1] before");
    }

    /** For each query, its pairs with each class: the sum of the class's support examples, then the query. */
    private static double[][] pairs(Map<String, double[]> inputs, double[][] support, double[][] query) {
        double[][] classes = new double[3][32];
        for (int i = 0; i < support.length; i++) {
            double[] maps = support[i];
            double[] sum = classes[(int) inputs.get("support.y")[i]];
            Arrays.setAll(sum, j -> sum[j] + maps[j]);
        }
        double[][] pairs = new double[query.length * 3][];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = Arrays.copyOf(classes[i % 3], 64);
            System.arraycopy(query[i / 3], 0, pairs[i], 32, 32);
        }
        return pairs;
    }

    /** Convolution, batch norm and tanh of {@code SmallNetworks.maps}, flat in the order [channels, height, width]. */
    private static double[][] encoded(Map<String, double[]> theta, String half) {
        double[][][] maps = convolved(images(theta.get(half)), theta.get("0_W"), 1, 2);
        normalise(maps, theta.get("1_gamma"), theta.get("1_beta"), Math::tanh);
        return Arrays.stream(maps).map(RelationNetAlgorithmTest::flat).toArray(double[][]::new);
    }

    /** The same with initial running statistics: mean 0, variance 1; gamma and beta are initially 1 and 0. */
    private static double[][] untouched(Map<String, double[]> theta, String half) {
        return Arrays.stream(convolved(images(theta.get(half)), theta.get("0_W"), 1, 2))
                .map(RelationNetAlgorithmTest::flat)
                .map(pixels -> Arrays.stream(pixels)
                        .map(pixel -> Math.tanh(pixel / Math.sqrt(1 + EPSILON)))
                        .toArray())
                .toArray(double[][]::new);
    }

    private static double[] flat(double[][] channels) {
        return Arrays.stream(channels).flatMapToDouble(Arrays::stream).toArray();
    }

    private static double[][][] stacks(double[][] pairs) {
        double[][][] maps = new double[pairs.length][4][];
        for (int i = 0; i < pairs.length; i++) {
            for (int channel = 0; channel < 4; channel++) {
                maps[i][channel] = Arrays.copyOfRange(pairs[i], 16 * channel, 16 * channel + 16);
            }
        }
        return maps;
    }

    private static double[] related(Map<String, double[]> theta, double[][] pairs) {
        double[][][] maps = stacks(pairs);
        maps = pooled(block(theta, 0, maps, 4));
        maps = pooled(block(theta, 4, maps, 64));
        return Arrays.stream(maps)
                .mapToDouble(channels -> Perceptrons.layers(
                        theta, "relation-net.", 8, 10, flat(channels), v -> 1 / (1 + Math.exp(-v)))[0])
                .toArray();
    }

    private static double[][][] block(Map<String, double[]> theta, int layer, double[][][] maps, int in) {
        double[][][] outputs = convolved(maps, theta.get("relation-net." + layer + "_W"), in, 64);
        int norm = layer + 1;
        normalise(
                outputs,
                theta.get("relation-net." + norm + "_gamma"),
                theta.get("relation-net." + norm + "_beta"),
                Perceptrons.RELU);
        return outputs;
    }

    private static double[][][] images(double[] x) {
        double[][][] images = new double[x.length / 16][1][];
        for (int i = 0; i < images.length; i++) {
            images[i][0] = Arrays.copyOfRange(x, 16 * i, 16 * i + 16);
        }
        return images;
    }

    /** A 3x3 convolution with a border of zeros, over square images [image][channel][pixel]. */
    private static double[][][] convolved(double[][][] images, double[] weights, int in, int out) {
        int extent = (int) Math.sqrt(images[0][0].length);
        double[][][] outputs = new double[images.length][out][extent * extent];
        for (int i = 0; i < images.length; i++) {
            for (int o = 0; o < out; o++) {
                for (int at = 0; at < extent * extent; at++) {
                    for (int tap = 0; tap < 9 * in; tap++) {
                        int row = at / extent + tap % 9 / 3 - 1;
                        int column = at % extent + tap % 3 - 1;
                        if (row >= 0 && row < extent && column >= 0 && column < extent) {
                            outputs[i][o][at] += weights[o * 9 * in + tap] * images[i][tap / 9][row * extent + column];
                        }
                    }
                }
            }
        }
        return outputs;
    }

    private static void normalise(double[][][] maps, double[] gamma, double[] beta, DoubleUnaryOperator activation) {
        for (int channel = 0; channel < gamma.length; channel++) {
            double mean = moment(maps, channel, 0, 1);
            double variance = moment(maps, channel, mean, 2);
            for (double[][] image : maps) {
                double[] pixels = image[channel];
                for (int at = 0; at < pixels.length; at++) {
                    double unit = (pixels[at] - mean) / Math.sqrt(variance + EPSILON);
                    pixels[at] = activation.applyAsDouble(unit * gamma[channel] + beta[channel]);
                }
            }
        }
    }

    /** Mean of (pixel - centre)^power of one channel over all images. */
    private static double moment(double[][][] maps, int channel, double centre, int power) {
        return Arrays.stream(maps)
                .flatMapToDouble(image -> Arrays.stream(image[channel]))
                .map(pixel -> Math.pow(pixel - centre, power))
                .average()
                .orElseThrow();
    }

    /** The maximum of each 2x2 window. */
    private static double[][][] pooled(double[][][] maps) {
        int extent = (int) Math.sqrt(maps[0][0].length);
        int half = extent / 2;
        double[][][] pooled = new double[maps.length][maps[0].length][half * half];
        for (int i = 0; i < maps.length; i++) {
            for (int channel = 0; channel < maps[i].length; channel++) {
                for (int at = 0; at < half * half; at++) {
                    int corner = 2 * (at / half) * extent + 2 * (at % half);
                    double[] pixels = maps[i][channel];
                    pooled[i][channel][at] = Math.max(
                            Math.max(pixels[corner], pixels[corner + 1]),
                            Math.max(pixels[corner + extent], pixels[corner + extent + 1]));
                }
            }
        }
        return pooled;
    }
}
