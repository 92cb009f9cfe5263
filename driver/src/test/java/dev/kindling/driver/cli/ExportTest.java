package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.driver.run.StoredConfiguration;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.driver.storage.Tensors;
import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Targets;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipFile;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Trains and exports models, loads them with plain Deeplearning4j, and compares the results. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExportTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double RATE = 0.4;

    @TempDir
    Path temporary;

    private int runs;

    /** A run on images, and its first training episode. */
    private final class Drawn {
        private final Path folder;
        private final ResolvedRun resolved;
        private final EpisodeLayout layout;
        private final FlatVector episode;

        Drawn(String network, String... sets) throws IOException {
            Path data = SMALL.get(temporary);
            folder = temporary.resolve("run" + runs++);
            Path job = temporary.resolve("job.conf");
            Files.writeString(job, """
                    run { rounds = 3, checkpoint-every = 0, log-every = 0 }
                    task { source = few-shot, meta-batch-size = 2, support = 2, query = 1 }
                    few-shot { ways = 3, image-size = 12, data = "%s", split = { train = 0.5, validation = 0.2, seed = 1 } }
                    model.network = "%s"
                    algorithm { inner-learning-rate = %s, inner-steps = 1 }
                    backend.precision = double
                    evaluation { tasks = 2, steps = 1 }
                    """.formatted(data, network, RATE));
            List<String> args = new ArrayList<>(List.of("train", "--conf", job.toString(), "--out", folder.toString()));
            List.of(sets).forEach(set -> args.addAll(List.of("--set", set)));
            assertThat(CommandLineForTests.onThreads(1, args).err()).isEmpty();
            resolved = ResolvedRun.here(StoredConfiguration.load(
                    RunDirectory.open(folder.toString(), new org.apache.hadoop.conf.Configuration()), List.of()));
            layout = resolved.source().layout(Split.TRAIN);
            episode = FlatVector.zeros(Precision.DOUBLE, layout.arrays().size());
            resolved.source()
                    .materialise(
                            new Sampler(
                                            resolved.source(),
                                            resolved.settings().run().seed(),
                                            Split.TRAIN)
                                    .range(0, 0, 1)
                                    .get(0),
                            episode,
                            0);
        }

        MultiLayerNetwork exported(String... more) throws IOException {
            Path zip = temporary.resolve("out.zip");
            Files.deleteIfExists(zip);
            List<String> args = new ArrayList<>(
                    List.of("export", "--out", folder.toString(), "--format", "dl4j", "--to", zip.toString()));
            args.addAll(List.of(more));
            Outcome outcome = CommandLineForTests.onThreads(1, args);
            assertThat(outcome.err()).isEmpty();
            assertThat(outcome.code()).isZero();
            return MultiLayerNetwork.load(zip.toFile(), true);
        }

        double[] array(String name) {
            int from = layout.arrays().offset(name);
            return Arrays.copyOfRange(
                    episode.toDoubles(),
                    from,
                    from + layout.arrays().shape(name).size());
        }

        INDArray support() {
            long[] shape = Arrays.stream(
                            layout.arrays().shape(EpisodeLayout.SUPPORT_X).dims())
                    .asLongStream()
                    .toArray();
            return Nd4j.createFromArray(array(EpisodeLayout.SUPPORT_X)).reshape(shape);
        }

        INDArray labels() {
            double[] y = array(EpisodeLayout.SUPPORT_Y);
            INDArray labels = Nd4j.zeros(DataType.DOUBLE, y.length, layout.outputs());
            for (int i = 0; i < y.length; i++) {
                labels.putScalar(i, (long) y[i], 1);
            }
            return labels;
        }

        FlatVector theta() throws IOException {
            return Safetensors.decode(Files.readAllBytes(folder.resolve("model/theta.safetensors")), "theta")
                    .flat(resolved.plan().parameters(), Precision.DOUBLE);
        }

        /** Softmax of our output for the support set with its own statistics, then θ - α ∇L. */
        double[] ourOutputThenAdapted() throws IOException {
            Model model = resolved.plan().model();
            ProgramBuilder b = new ProgramBuilder();
            Map<String, Value> parameters = new LinkedHashMap<>();
            for (Layout.Entry entry : model.parameters().entries()) {
                parameters.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.BROADCAST));
            }
            Value x = b.input("x", layout.arrays().shape(EpisodeLayout.SUPPORT_X), Program.Scope.TASK);
            Value y = b.input("y", layout.arrays().shape(EpisodeLayout.SUPPORT_Y), Program.Scope.TASK);
            Value output = model.output(b, parameters, x, ForwardContext.PLAIN);
            Value exponentials = b.exp(output);
            Value share = b.div(exponentials, b.reshape(b.sum(exponentials, 1), Shape.of(layout.support(), 1)));
            List<Value> gradients =
                    Autodiff.grad(b, model.loss(b, output, Targets.of(y)), List.copyOf(parameters.values()));
            List<Program.Output> outputs = new ArrayList<>();
            outputs.add(new Program.Output("output", Program.Reduction.SUM, share));
            List<String> names = List.copyOf(parameters.keySet());
            for (int i = 0; i < names.size(); i++) {
                Value moved = b.sub(parameters.get(names.get(i)), b.mul(b.constant(RATE), gradients.get(i)));
                outputs.add(new Program.Output(names.get(i), Program.Reduction.SUM, moved));
            }
            Program program = b.build("adapt", outputs);
            Workspace workspace = Backends.named("reference")
                    .compile(program, new CompileOptions(Precision.DOUBLE, 1 << 28))
                    .workspace();
            workspace.setBroadcastInputs(theta());
            FlatVector sums = FlatVector.zeros(Precision.DOUBLE, program.sums().size());
            int xs = layout.arrays().shape(EpisodeLayout.SUPPORT_X).size();
            workspace.run(
                    1,
                    (task, target, offset) -> target.copyFrom(episode, 0, offset, xs + layout.support()),
                    sums,
                    new double[0]);
            return sums.toDoubles();
        }
    }

    private interface Data {
        Path get(Path temporary) throws IOException;
    }

    private static final Data SMALL = temporary -> {
        Path data = temporary.resolve("images");
        if (!Files.exists(data)) {
            images(data);
        }
        return data;
    };

    /** Writes twelve classes of four images of 12x12 pixels. */
    private static void images(Path data) throws IOException {
        for (int kind = 0; kind < 12; kind++) {
            Path folder = Files.createDirectories(data.resolve("class" + (char) ('a' + kind)));
            for (int number = 0; number < 4; number++) {
                java.awt.image.BufferedImage image =
                        new java.awt.image.BufferedImage(12, 12, java.awt.image.BufferedImage.TYPE_BYTE_GRAY);
                for (int p = 0; p < 144; p++) {
                    int grey = (p * (kind + 3) * 7 + number * 31 + (p / 12) * kind * 11) % 256;
                    image.getRaster().setSample(p % 12, p / 12, 0, grey);
                }
                javax.imageio.ImageIO.write(
                        image, "png", folder.resolve(number + ".png").toFile());
            }
        }
    }

    /** Checks an export whose statistics are those of the first episode's support set. */
    private void assertAgreesOnSupportSet(Drawn run, MultiLayerNetwork theirs) throws IOException {
        double[] ours = run.ourOutputThenAdapted();
        int outputs = run.layout.support() * run.layout.outputs();
        assertThat(theirs.output(run.support(), true).dup('c').data().asDouble())
                .as("with the batch's statistics")
                .containsExactly(Arrays.copyOf(ours, outputs), within(1e-5));
        assertThat(theirs.output(run.support(), false).dup('c').data().asDouble())
                .as("with the statistics in the zip")
                .containsExactly(Arrays.copyOf(ours, outputs), within(1e-5));

        theirs.fit(new DataSet(run.support(), run.labels()));
        int at = outputs;
        for (Layout.Entry entry : run.resolved.plan().model().parameters().entries()) {
            double[] theirNumbers =
                    theirs.getParam(entry.name()).dup('c').data().asDouble();
            double[] ourNumbers =
                    Arrays.copyOfRange(ours, at, at + entry.shape().size());
            assertThat(theirNumbers).as(entry.name() + " after a step").containsExactly(ourNumbers, within(1e-5));
            at += entry.shape().size();
        }
    }

    private static JsonNode note(Path zip) throws IOException {
        try (ZipFile file = new ZipFile(zip.toFile())) {
            return JSON.readTree(file.getInputStream(file.getEntry("kindling.json")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"conv4", "conv4-pool-32", "omniglot-fc", "simple-cnn"})
    void deeplearning4jLoadsAPresetAndComputesTheSameStep(String network) throws IOException {
        Drawn run = network.equals("conv4-pool-32") ? new Drawn(network, "few-shot.image-size=16") : new Drawn(network);
        assertAgreesOnSupportSet(run, run.exported("--episodes", "1"));
        JsonNode note = note(temporary.resolve("out.zip"));
        assertThat(note.at("/network").asText()).isEqualTo(network);
        assertThat(note.at("/rounds").asInt()).isEqualTo(3);
        assertThat(note.at("/batch_norm/statistics").asText())
                .isEqualTo(network.equals("simple-cnn") ? "none" : "episodes");
    }

    @Test
    void aNetworkFromJsonIsTrainedAndExportedWithItsConfiguration() throws IOException {
        Path json = temporary.resolve("net.json");
        Files.writeString(
                json,
                new NeuralNetConfiguration.Builder()
                        .updater(new Adam(0.1))
                        .list()
                        .layer(new ConvolutionLayer.Builder(3, 3)
                                .name("strokes")
                                .nOut(4)
                                .stride(2, 2)
                                .convolutionMode(ConvolutionMode.Same)
                                .hasBias(false)
                                .activation(Activation.IDENTITY)
                                .build())
                        .layer(new BatchNormalization.Builder()
                                .eps(1e-3)
                                .decay(0.5)
                                .build())
                        .layer(new ActivationLayer.Builder()
                                .activation(Activation.ELU)
                                .build())
                        .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .nOut(3)
                                .activation(Activation.SOFTMAX)
                                .build())
                        .setInputType(InputType.convolutional(12, 12, 1))
                        .build()
                        .toJson());
        Drawn run = new Drawn(json.toString());
        Files.delete(json);
        MultiLayerNetwork theirs = run.exported("--episodes", "1");
        assertThat(theirs.getLayerWiseConfigurations().getConf(0).getLayer().getLayerName())
                .isEqualTo("strokes");
        assertThat(((BatchNormalization)
                                theirs.getLayerWiseConfigurations().getConf(1).getLayer())
                        .getDecay())
                .isEqualTo(0.5);
        assertAgreesOnSupportSet(run, theirs);
    }

    @Test
    void statisticsAreComputedFromImagesOrSupportX() throws IOException {
        Drawn run = new Drawn("conv4");
        // The images of three classes as one batch: with it, both of theirs agree.
        Path support = temporary.resolve("support");
        for (String name : List.of("classa", "classb", "classc")) {
            Files.createDirectories(support.resolve(name));
            for (int number = 0; number < 4; number++) {
                Files.copy(
                        SMALL.get(temporary).resolve(name).resolve(number + ".png"),
                        support.resolve(name).resolve(number + ".png"));
            }
        }
        MultiLayerNetwork theirs = run.exported("--support", support.toString());
        assertThat(note(temporary.resolve("out.zip")).at("/batch_norm/examples").asInt())
                .isEqualTo(12);
        assertThat(note(temporary.resolve("out.zip")).at("/batch_norm/support").asText())
                .isEqualTo(support.toString());
        INDArray batch = Nd4j.zeros(DataType.DOUBLE, 12, 1, 12, 12);
        for (int row = 0; row < 12; row++) {
            String name = List.of("classa", "classb", "classc").get(row / 4);
            java.awt.image.BufferedImage image = javax.imageio.ImageIO.read(
                    support.resolve(name).resolve(row % 4 + ".png").toFile());
            for (int p = 0; p < 144; p++) {
                batch.putScalar(
                        new long[] {row, 0, p / 12, p % 12},
                        1 - image.getRaster().getSample(p % 12, p / 12, 0) / 255.0);
            }
        }
        assertThat(theirs.output(batch, false).data().asDouble())
                .containsExactly(theirs.output(batch, true).data().asDouble(), within(1e-9));

        Path file = supportFile(run);
        assertAgreesOnSupportSet(run, run.exported("--support", file.toString()));
    }

    private Path supportFile(Drawn run) throws IOException {
        Path file = temporary.resolve("support.safetensors");
        Files.write(
                file,
                Safetensors.encode(
                        Layout.builder()
                                .add("support.x", run.layout.arrays().shape(EpisodeLayout.SUPPORT_X))
                                .build(),
                        supportOf(run)));
        return file;
    }

    private static FlatVector supportOf(Drawn run) {
        double[] numbers = run.array(EpisodeLayout.SUPPORT_X);
        FlatVector support = FlatVector.zeros(Precision.DOUBLE, numbers.length);
        for (int i = 0; i < numbers.length; i++) {
            support.set(i, numbers[i]);
        }
        return support;
    }

    @Test
    void dataIsNeededOnlyForStatisticsOfItsTasks() throws IOException {
        Drawn run = new Drawn("conv4");
        Path file = supportFile(run);
        Drawn bare = new Drawn("simple-cnn");
        bare.exported();
        byte[] before = Files.readAllBytes(temporary.resolve("out.zip"));
        Files.move(SMALL.get(temporary), temporary.resolve("elsewhere"));
        bare.exported();
        assertThat(temporary.resolve("out.zip")).as("no batch norm").hasBinaryContent(before);
        assertAgreesOnSupportSet(run, run.exported("--support", file.toString()));
        List<String> args = List.of(
                "export",
                "--out",
                run.folder.toString(),
                "--format",
                "dl4j",
                "--to",
                temporary.resolve("none.zip").toString());
        Outcome outcome = CommandLineForTests.onThreads(1, args);
        assertThat(outcome.code()).isEqualTo(ExitCode.BAD_DATA.number());
        assertThat(outcome.err()).contains("does not exist").hasLineCount(1);
    }

    @Test
    void statisticsOfSeveralEpisodesAreTheirMean() throws IOException {
        Drawn run = new Drawn("omniglot-fc");
        MultiLayerNetwork theirs = run.exported("--episodes", "3");
        // The first batch norm sees x·W: its statistics by hand.
        double[] weights = theirs.getParam("0_W").dup('c').data().asDouble();
        double mean = 0;
        double variance = 0;
        for (int e = 0; e < 3; e++) {
            FlatVector episode =
                    FlatVector.zeros(Precision.DOUBLE, run.layout.arrays().size());
            run.resolved
                    .source()
                    .materialise(
                            new Sampler(
                                            run.resolved.source(),
                                            run.resolved.settings().run().seed(),
                                            Split.TRAIN)
                                    .range(0, e, e + 1)
                                    .get(0),
                            episode,
                            0);
            double[] unit = new double[run.layout.support()];
            for (int i = 0; i < unit.length; i++) {
                for (int p = 0; p < 144; p++) {
                    unit[i] += episode.at(i * 144 + p) * weights[p * 256 + 5];
                }
            }
            double own = Arrays.stream(unit).average().orElseThrow();
            mean += own / 3;
            variance += Arrays.stream(unit)
                            .map(u -> (u - own) * (u - own))
                            .average()
                            .orElseThrow()
                    / 3;
        }
        assertThat(theirs.getParam("1_mean").getDouble(5)).isCloseTo(mean, within(1e-9));
        assertThat(theirs.getParam("1_var").getDouble(5)).isCloseTo(variance, within(1e-9));
    }

    @Test
    void runningStatisticsAreExportedUnchanged() throws IOException {
        Drawn run = new Drawn("conv4", "model.batch-norm=running");
        MultiLayerNetwork theirs = run.exported();
        assertThat(note(temporary.resolve("out.zip"))
                        .at("/batch_norm/statistics")
                        .asText())
                .isEqualTo("running");
        Model model = run.resolved.plan().model();
        int at = model.parameters().offset("1_var");
        assertThat(theirs.getParam("1_var").dup('c').data().asDouble())
                .containsExactly(Arrays.copyOfRange(run.theta().toDoubles(), at, at + 64), within(1e-12));
        double[] ours = run.ourOutputThenAdapted();
        int outputs = run.layout.support() * run.layout.outputs();
        assertThat(theirs.output(run.support(), false).dup('c').data().asDouble())
                .containsExactly(Arrays.copyOf(ours, outputs), within(1e-5));
    }

    @Test
    void safetensorsHoldThetaAndProvenance() throws IOException {
        Drawn run = new Drawn("conv4");
        Path file = temporary.resolve("o.safetensors");
        List<String> args =
                List.of("export", "--out", run.folder.toString(), "--format", "safetensors", "--to", file.toString());
        assertThat(CommandLineForTests.onThreads(1, args).code()).isZero();
        byte[] bytes = Files.readAllBytes(file);
        // Read by hand: a length, a JSON header, numbers.
        java.nio.ByteBuffer buffer = java.nio.ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        int header = (int) buffer.getLong();
        JsonNode json = JSON.readTree(Arrays.copyOfRange(bytes, 8, 8 + header));
        assertThat(json.at("/0_W/dtype").asText()).isEqualTo("F64");
        assertThat(json.at("/0_W/shape").toString()).isEqualTo("[64,1,3,3]");
        assertThat(json.at("/__metadata__/rounds").asText()).isEqualTo("3");
        assertThat(json.at("/__metadata__/network").asText()).contains("\"network\" : \"conv4\"");
        int begin = 8 + header + json.at("/13_b/data_offsets/0").asInt();
        Tensors stored = Safetensors.decode(Files.readAllBytes(run.folder.resolve("model/theta.safetensors")), "theta");
        assertThat(buffer.getDouble(begin + 8))
                .isEqualTo(stored.arrays().get("13_b").values().at(1));
    }

    @Test
    void exportsAreReproducible() throws IOException {
        Drawn run = new Drawn("conv4");
        run.exported("--episodes", "2");
        byte[] first = Files.readAllBytes(temporary.resolve("out.zip"));
        run.exported("--episodes", "2");
        assertThat(Files.readAllBytes(temporary.resolve("out.zip"))).isEqualTo(first);
    }

    @Test
    void wrongUsageIsRefusedWithASingleLineMessage() throws IOException {
        Drawn run = new Drawn("conv4");
        String out = run.folder.toString();
        String to = temporary.resolve("x").toString();
        refused(
                List.of("export", "--out", out, "--to", to),
                "--format is missing; it must be dl4j, safetensors or onnx");
        refused(
                List.of("export", "--out", out, "--to", to, "--format", "torch"),
                "--format is torch; it must be dl4j, safetensors or onnx");
        refused(List.of("export", "--out", out, "--format", "dl4j"), "--to is missing; it must be the file to write");
        refused(List.of("export", "--format", "dl4j", "--to", to), "--out is missing");
        refused(
                List.of("export", "--out", out, "--to", to, "--format", "dl4j", "--episodes", "0"),
                "--episodes is 0; it must be at least 1");
        refused(
                List.of("export", "--out", out, "--to", to, "--format", "dl4j", "--episodes", "1", "--support", "x"),
                "--support and --episodes are both given");
        assertThat(Path.of(to)).doesNotExist();
    }

    private static void refused(List<String> args, String sentence) {
        Outcome outcome = CommandLineForTests.onThreads(1, args);
        assertThat(outcome.code()).isEqualTo(ExitCode.WRONG_USAGE.number());
        assertThat(outcome.err()).startsWith(sentence);
        assertThat(outcome.err().lines()).hasSize(1);
    }
}
