package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.run.LoadedModel;
import dev.kindling.driver.run.StoredConfiguration;
import dev.kindling.driver.serving.AdaptedTask;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests {@code export --format onnx}; what the files compute is tested by {@code OnnxExportTest}. */
class OnnxExportCommandTest {
    private static final OrtEnvironment RUNTIME = OrtEnvironment.getEnvironment();

    @TempDir
    Path temporary;

    private Outcome export(Path run, String... more) {
        List<String> args = new ArrayList<>(List.of("export", "--out", run.toString(), "--format", "onnx"));
        args.addAll(List.of(more));
        return CommandLineForTests.onThreads(1, args);
    }

    private TinyRun trained(String name, String... sets) {
        TinyRun run = TinyRun.in(temporary, name, sets);
        assertThat(CommandLineForTests.onThreads(1, run.args()).err()).isEmpty();
        return run;
    }

    private static LoadedModel load(Path run) {
        RunDirectory directory = RunDirectory.open(run.toString(), new Configuration());
        return LoadedModel.of(directory.readModel(), directory, StoredConfiguration.load(directory, List.of()));
    }

    /** Rows of uniform numbers that end with an index. */
    private static double[] rows(long seed, int width, int count) {
        double[] rows = new Random(seed).doubles((long) count * width, -1, 1).toArray();
        for (int row = 1; row <= count; row++) {
            rows[row * width - 1] = row;
        }
        return rows;
    }

    private static OnnxTensor tensor(double[] values, long... shape) throws OrtException {
        float[] numbers = new float[values.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) values[i];
        }
        return OnnxTensor.createTensor(RUNTIME, FloatBuffer.wrap(numbers), shape);
    }

    private static float[] output(OrtSession session, String name, Map<String, OnnxTensor> inputs) throws OrtException {
        try (OrtSession.Result result = session.run(inputs)) {
            FloatBuffer buffer = ((OnnxTensor) result.get(name).orElseThrow()).getFloatBuffer();
            float[] values = new float[buffer.remaining()];
            buffer.get(values);
            return values;
        }
    }

    @Test
    void adaptedParametersFromAFileMakeANetworkThatTakesQueriesAlone() throws OrtException, IOException {
        TinyRun run = trained("run");
        LoadedModel model = load(run.folder());
        double[] x = new Random(3).doubles(10, -5, 5).toArray();
        AdaptedTask task = model.predictor(4).adapt(x, x);
        Path adapted = temporary.resolve("adapted.safetensors");
        Files.write(adapted, task.parameters().orElseThrow().encoded());
        Path to = temporary.resolve("task.onnx");
        Outcome outcome = export(run.folder(), "--to", to.toString(), "--adapted", adapted.toString());
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
        double[] queries = new Random(4).doubles(7, -5, 5).toArray();
        double[] expected = task.predict(queries);
        try (OrtSession session = RUNTIME.createSession(to.toString())) {
            assertThat(session.getInputNames()).containsExactly("query.x");
            assertThat(session.getMetadata().getCustomMetadata()).containsEntry("rounds", "24");
            float[] found = output(session, "prediction", Map.of("query.x", tensor(queries, 7, 1)));
            for (int i = 0; i < found.length; i++) {
                assertThat((double) found[i]).isCloseTo(expected[i], within(1e-5));
            }
        }
    }

    @Test
    void stepsAndNumbersOfRowsAreThoseOfTheOptions() throws OrtException {
        TinyRun run = trained("run");
        Path to = temporary.resolve("fixed.onnx");
        Outcome outcome =
                export(run.folder(), "--to", to.toString(), "--steps", "4", "--support-rows", "5", "--query-rows", "3");
        assertThat(outcome.err()).isEmpty();
        double[] x = new Random(3).doubles(5, -5, 5).toArray();
        double[] queries = new Random(4).doubles(3, -5, 5).toArray();
        double[] expected = load(run.folder()).predictor(4).adapt(x, x).predict(queries);
        try (OrtSession session = RUNTIME.createSession(to.toString())) {
            assertThat(Arrays.toString(((ai.onnxruntime.TensorInfo)
                                    session.getInputInfo().get("support.x").getInfo())
                            .getShape()))
                    .isEqualTo("[5, 1]");
            Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
            inputs.put("support.x", tensor(x, 5, 1));
            inputs.put("support.y", tensor(x, 5, 1));
            inputs.put("query.x", tensor(queries, 3, 1));
            float[] found = output(session, "prediction", inputs);
            for (int i = 0; i < found.length; i++) {
                assertThat((double) found[i]).isCloseTo(expected[i], within(1e-5));
            }
        }
    }

    /** Rows of weight 0 have no effect, so a caller may pad support sets to one size. */
    @Test
    void tablesHaveWeightsAsAnInputAndTheirEncodingInTheMetadata() throws OrtException {
        Path run = temporary.resolve("growth");
        List<String> args =
                new ArrayList<>(List.of("train", "--conf", "../conf/table-growth.conf", "--out", run.toString()));
        List.of(
                        "table.path=../conf/growth.csv",
                        "table.stack=none",
                        "run.rounds=2",
                        "evaluation.tasks=0",
                        "cluster.mode=jobs")
                .forEach(set -> args.addAll(List.of("--set", set)));
        try (SparkApplication spark = SparkApplication.start("test", Optional.of("local[2]"))) {
            assertThat(CommandLineForTests.onSpark(spark.session(), args).err()).isEmpty();
        }
        Path to = temporary.resolve("growth.onnx");
        assertThat(export(run, "--to", to.toString()).err()).isEmpty();
        LoadedModel model = load(run);
        int width = model.episode().input().size();
        // The last input is the index of a value of a category.
        assertThat(model.episode().categories()).hasSize(1);
        double[] x = rows(3, width, 3);
        double[] y = new Random(5).doubles(3, -1, 1).toArray();
        double[] queries = rows(4, width, 2);
        AdaptedTask task = model.predictor(0).adapt(x, y);
        double[] expected = task.predict(queries);
        double[] variances = task.predictWithVariances(queries).variances().orElseThrow();
        try (OrtSession session = RUNTIME.createSession(to.toString())) {
            assertThat(session.getInputNames())
                    .containsExactlyInAnyOrder("support.x", "support.y", "support.w", "query.x");
            assertThat(session.getMetadata().getCustomMetadata()).containsKey("table");
            for (int padding : new int[] {0, 4}) {
                Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
                inputs.put("support.x", tensor(Arrays.copyOf(x, (3 + padding) * width), 3 + padding, width));
                inputs.put("support.y", tensor(Arrays.copyOf(y, 3 + padding), 3 + padding, 1));
                inputs.put("support.w", tensor(Arrays.copyOf(new double[] {1, 1, 1}, 3 + padding), 3 + padding));
                inputs.put("query.x", tensor(queries, 2, width));
                float[] found = output(session, "prediction", inputs);
                float[] spread = output(session, "variance", inputs);
                for (int i = 0; i < found.length; i++) {
                    assertThat((double) found[i]).isCloseTo(expected[i], within(1e-5));
                    assertThat((double) spread[i]).isCloseTo(variances[i], within(1e-5));
                }
            }
        }
    }

    @Test
    void optionsThatDoNotFitAreRefused() throws IOException {
        TinyRun run = trained("run");
        TinyRun ridge = trained("ridge", "algorithm.name=ridge-head");
        Path adapted = temporary.resolve("adapted.safetensors");
        Files.write(adapted, load(run.folder()).stored().theta().encoded());
        String to = temporary.resolve("x.onnx").toString();
        refused(2, "--support is images; it must be left out because --format is onnx", run, to, "--support", "images");
        refused(2, "--episodes is 3; it must be left out because --format is onnx", run, to, "--episodes", "3");
        refused(2, "--query-rows is 0; it must be at least 1", run, to, "--query-rows", "0");
        refused(2, "--steps is 2; it must be left out for algorithm.name = ridge-head", ridge, to, "--steps", "2");
        refused(2, "it must be left out for algorithm.name = ridge-head", ridge, to, "--adapted", adapted.toString());
        refused(
                3,
                "missing.safetensors",
                run,
                to,
                "--adapted",
                temporary.resolve("missing.safetensors").toString());
        assertThat(Path.of(to)).doesNotExist();
        Outcome other = CommandLineForTests.onThreads(
                1,
                List.of(
                        "export",
                        "--out",
                        run.folder().toString(),
                        "--format",
                        "safetensors",
                        "--to",
                        to,
                        "--query-rows",
                        "2"));
        assertThat(other.err()).contains("--query-rows is 2; it must be left out because --format is safetensors");
    }

    private void refused(int code, String message, TinyRun run, String to, String... more) {
        List<String> args = new ArrayList<>(List.of("--to", to));
        args.addAll(List.of(more));
        Outcome outcome = export(run.folder(), args.toArray(String[]::new));
        assertThat(outcome.err()).contains(message).hasLineCount(1);
        assertThat(outcome.code()).isEqualTo(code);
    }
}
