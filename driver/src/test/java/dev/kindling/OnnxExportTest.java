package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.kindling.clusters.SmallImages;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exports models as ONNX, runs them with onnxruntime, and compares the results with Kindling's own predictions. */
class OnnxExportTest {
    private static final OrtEnvironment RUNTIME = OrtEnvironment.getEnvironment();

    @TempDir
    Path folder;

    private final Random random = new Random(5);
    private int files;

    private static TrainedModel trained(MetaTrainer.Builder tasks, String method, String network, String... sets) {
        MetaTrainer.Builder builder = tasks.network(network)
                .metaBatchSize(2)
                .rounds(2)
                .set("algorithm.name", method)
                .set("evaluation.tasks", 2)
                .set("evaluation.steps", 3);
        for (String set : sets) {
            builder.set(set.substring(0, set.indexOf('=')), set.substring(set.indexOf('=') + 1));
        }
        return builder.build().fit();
    }

    private static MetaTrainer.Builder sines() {
        return MetaTrainer.builder()
                .tasks(Sinusoids.builder().support(10).query(10).build());
    }

    private MetaTrainer.Builder images() throws IOException {
        return images(12);
    }

    private MetaTrainer.Builder images(int size) throws IOException {
        if (!Files.exists(folder.resolve("pictures.zip"))) {
            SmallImages.write(folder);
        }
        return MetaTrainer.builder()
                .tasks(FewShotImages.builder()
                        .data(folder.resolve("pictures.zip").toString())
                        .split(folder.resolve("splits").toString())
                        .ways(3)
                        .imageSize(size)
                        .support(2)
                        .query(1)
                        .build());
    }

    private float[] drawn(int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }

    private static float[] classes(int count, int ways) {
        float[] classes = new float[count];
        for (int i = 0; i < count; i++) {
            classes[i] = i % ways;
        }
        return classes;
    }

    private String place() {
        return folder.resolve("model" + files++ + ".onnx").toString();
    }

    /** The outputs of a file for inputs, each with the rows' shape after the number of rows. */
    private static Map<String, float[]> run(String file, Map<String, float[]> given, Map<String, long[]> shapes)
            throws OrtException {
        try (OrtSession session = RUNTIME.createSession(file)) {
            assertThat(given.keySet()).containsAll(session.getInputNames());
            Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
            for (String name : session.getInputNames()) {
                inputs.put(name, OnnxTensor.createTensor(RUNTIME, FloatBuffer.wrap(given.get(name)), shapes.get(name)));
            }
            Map<String, float[]> outputs = new LinkedHashMap<>();
            try (OrtSession.Result result = session.run(inputs)) {
                result.forEach(entry -> {
                    FloatBuffer buffer = ((OnnxTensor) entry.getValue()).getFloatBuffer();
                    float[] numbers = new float[buffer.remaining()];
                    buffer.get(numbers);
                    outputs.put(entry.getKey(), numbers);
                });
            }
            return outputs;
        }
    }

    private static long[] shape(int rows, int... rest) {
        long[] shape = new long[1 + rest.length];
        shape[0] = rows;
        for (int i = 0; i < rest.length; i++) {
            shape[i + 1] = rest[i];
        }
        return shape;
    }

    private static void assertClose(float[] actual, float[] expected, double tolerance) {
        assertThat(actual).hasSameSizeAs(expected);
        double scale = 1;
        for (float each : expected) {
            scale = Math.max(scale, Math.abs(each));
        }
        for (int i = 0; i < actual.length; i++) {
            assertThat((double) actual[i])
                    .as("element %d", i)
                    .isCloseTo(expected[i], org.assertj.core.api.Assertions.within(tolerance * scale));
        }
    }

    /** Compares both exports of a model with its predictions, for several numbers of rows. */
    private void assertSamePredictions(TrainedModel model, boolean classification, double tolerance)
            throws OrtException {
        String ofModel = place();
        model.exportOnnx(ofModel);
        int size = Arrays.stream(model.inputShape()).reduce(1, (a, b) -> a * b);
        int outputs = model.outputs();
        int[][] sizes = classification ? new int[][] {{9, 2}} : new int[][] {{6, 5}, {9, 1}, {12, 17}};
        for (int[] rows : sizes) {
            float[] supportX = drawn(rows[0] * size);
            float[] supportY = classification ? classes(rows[0], outputs) : drawn(rows[0] * outputs);
            float[] queryX = drawn(rows[1] * size);
            float[] weights = new float[rows[0]];
            Arrays.fill(weights, 1);
            AdaptedModel adapted = model.adapt(supportX, supportY);
            Map<String, float[]> given =
                    Map.of("support.x", supportX, "support.y", supportY, "support.w", weights, "query.x", queryX);
            Map<String, long[]> shapes = Map.of(
                    "support.x",
                    shape(rows[0], model.inputShape()),
                    "support.y",
                    classification ? shape(rows[0]) : shape(rows[0], outputs),
                    "support.w",
                    shape(rows[0]),
                    "query.x",
                    shape(rows[1], model.inputShape()));
            String ofTask = place();
            adapted.exportOnnx(ofTask);
            for (String file : List.of(ofModel, ofTask)) {
                Map<String, float[]> found =
                        file.equals(ofModel) ? run(file, given, shapes) : run(file, Map.of("query.x", queryX), shapes);
                if (classification) {
                    assertClose(found.get("probability"), adapted.probabilities(queryX), tolerance);
                } else {
                    assertClose(found.get("prediction"), adapted.predict(queryX), tolerance);
                }
                if (found.containsKey("variance")) {
                    float[] deviations = adapted.standardDeviations(queryX);
                    for (int i = 0; i < deviations.length; i++) {
                        deviations[i] *= deviations[i];
                    }
                    assertClose(found.get("variance"), deviations, tolerance);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"maml", "anil", "meta-sgd", "ridge-head", "bayesian-linear"})
    void regressionPredictsTheSameForAnyNumbersOfRows(String method) throws OrtException {
        assertSamePredictions(trained(sines(), method, "mlp-8-8-tanh"), false, 2e-5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"proto-net", "logistic-head", "bayesian-linear", "proto-maml"})
    void imagesPredictTheSameForAnyNumbersOfRows(String method) throws OrtException, IOException {
        String network = method.equals("proto-net") ? "conv4" : "simple-cnn";
        assertSamePredictions(trained(images(), method, network, "model.batch-norm=support-and-one"), true, 2e-4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple-cnn", "conv4-pool"})
    void everyNetworkPredictsTheSame(String network) throws OrtException, IOException {
        assertSamePredictions(
                trained(images(network.equals("conv4-pool") ? 16 : 12), "maml", network, "model.batch-norm=query"),
                true,
                2e-4);
    }

    @Test
    void anEnsembleIsOneFile() throws OrtException {
        assertSamePredictions(trained(sines(), "bayesian-linear", "mlp-8-8-tanh", "run.members=2"), false, 2e-5);
    }

    @ParameterizedTest
    @CsvSource({"cnp", "hypernetwork", "relation-net"})
    void methodsThatCompareSetsAreExportedToo(String method) throws OrtException, IOException {
        boolean classification = method.equals("relation-net");
        assertSamePredictions(
                classification
                        ? trained(images(22), method, "conv4-relation", "model.batch-norm=support-and-one")
                        : trained(sines(), method, "mlp-8-8-tanh"),
                classification,
                2e-4);
    }

    @Test
    void equalExportsAreEqualBytesAndAFileIsNotReplaced() throws IOException {
        TrainedModel model = trained(sines(), "ridge-head", "mlp-8-8-tanh");
        String one = place();
        String other = place();
        model.exportOnnx(one);
        model.exportOnnx(other);
        assertThat(Files.readAllBytes(Path.of(one))).isEqualTo(Files.readAllBytes(Path.of(other)));
        assertThatThrownBy(() -> model.exportOnnx(one))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(one);
    }
}
