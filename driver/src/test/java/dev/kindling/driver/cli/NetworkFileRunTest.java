package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.error.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Tests runs whose network comes from a Deeplearning4j file, also after that file has been deleted. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NetworkFileRunTest {
    @TempDir
    Path temporary;

    @Test
    void aRunNeedsItsNetworkFileOnlyAtTheStart() throws IOException {
        Path file = temporary.resolve("net.json");
        Files.writeString(
                file, network(Activation.TANH).getLayerWiseConfigurations().toJson());
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted", "model.network=" + file);
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun stopped = TinyRun.in(temporary, "stopped", "model.network=" + file);
        assertThat(stopped.stoppedIn(9).code()).isEqualTo(ExitCode.STOPPED.number());
        assertThat(stopped.file("network.json")).hasSameBinaryContentAs(file);
        assertThat(stopped.json("model/network.json").at("/sha256").asText()).hasSize(64);

        Files.delete(file);
        // Resumed as by a cron job, with the job's file; then without it.
        assertThat(stopped.train("--resume").err()).isEmpty();
        stopped.assertSameAs(uninterrupted);
        byte[] evaluation = Files.readAllBytes(uninterrupted.file("evaluation.json"));
        assertThat(evaluate(uninterrupted).err()).isEmpty();
        assertThat(uninterrupted.file("evaluation.json")).hasBinaryContent(evaluation);
    }

    @Test
    void aRunIsNotResumedWithAnotherNetwork() throws IOException {
        Path file = temporary.resolve("net.json");
        Files.writeString(
                file, network(Activation.TANH).getLayerWiseConfigurations().toJson());
        TinyRun run = TinyRun.in(temporary, "run", "model.network=" + file);
        assertThat(run.stoppedIn(9).code()).isEqualTo(ExitCode.STOPPED.number());
        Path other = temporary.resolve("other.json");
        Files.writeString(
                other, network(Activation.SIGMOID).getLayerWiseConfigurations().toJson());
        CommandLineForTests.Outcome refused = run.train("--resume", "--set", "model.network=" + other);
        assertThat(refused.code()).isEqualTo(ExitCode.WRONG_USAGE.number());
        assertThat(refused.err())
                .contains(
                        "cannot be resumed with another configuration: model.network was " + file + " and is " + other);
        // The same bytes at another path count as the same network.
        Path copy = temporary.resolve("copy.json");
        Files.copy(file, copy);
        assertThat(run.train("--resume", "--set", "model.network=" + copy).code())
                .isZero();
    }

    @Test
    void aDamagedCopyOfTheNetworkIsReported() throws IOException {
        Path file = temporary.resolve("net.json");
        Files.writeString(
                file, network(Activation.TANH).getLayerWiseConfigurations().toJson());
        TinyRun run = TinyRun.in(temporary, "run", "model.network=" + file);
        assertThat(run.train().code()).isZero();
        Files.writeString(run.file("network.json"), "{}");
        CommandLineForTests.Outcome damaged = evaluate(run);
        assertThat(damaged.code()).isEqualTo(ExitCode.BAD_DATA.number());
        assertThat(damaged.err()).contains("the copy of " + file + " in " + run.folder() + " is damaged");
    }

    @Test
    void trainingStartsFromTheWeightsOfAZip() throws IOException {
        Path file = temporary.resolve("trained.zip");
        MultiLayerNetwork trained = network(Activation.TANH);
        trained.save(file.toFile());
        // One round of rate 0 leaves θ where it begins.
        TinyRun run = TinyRun.in(
                temporary,
                "run",
                "model.network=" + file,
                "model.initializer=preset",
                "optimizer.name=sgd",
                "optimizer.learning-rate=0",
                "run.rounds=1");
        assertThat(run.train().code()).isZero();
        byte[] theta = Files.readAllBytes(run.file("model/theta.safetensors"));
        // F32, in the order of the names: the last number of the file is the last bias.
        float[] weights = trained.getParam("0_W").dup('c').data().asFloat();
        java.nio.ByteBuffer numbers = java.nio.ByteBuffer.wrap(theta).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        int begin = 8 + (int) numbers.getLong(0);
        for (int i = 0; i < weights.length; i++) {
            assertThat(numbers.getFloat(begin + 4 * i)).isEqualTo(weights[i]);
        }
    }

    @Test
    void anUnsupportedNetworkIsRefusedBeforeAnythingIsWritten() throws IOException {
        Path file = temporary.resolve("net.json");
        Files.writeString(
                file, network(Activation.CUBE).getLayerWiseConfigurations().toJson());
        TinyRun run = TinyRun.in(temporary, "run", "model.network=" + file);
        CommandLineForTests.Outcome refused = run.train();
        assertThat(refused.code()).isEqualTo(ExitCode.WRONG_USAGE.number());
        assertThat(refused.err()).contains("whose layer 0 (layer0, DenseLayer) has the activation");
        assertThat(run.folder()).doesNotExist();
        CommandLineForTests.Outcome missing =
                TinyRun.in(temporary, "none", "model.network=no/such.json").train();
        assertThat(missing.code()).isEqualTo(ExitCode.WRONG_USAGE.number());
        assertThat(missing.err()).contains("model.network is no/such.json; it must be one of mlp-40-40");
    }

    private CommandLineForTests.Outcome evaluate(TinyRun run) {
        return CommandLineForTests.onThreads(
                1, List.of("evaluate", "--out", run.folder().toString()));
    }

    /** A small network of the given activation, with initialised weights. */
    static MultiLayerNetwork network(Activation activation) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(3)
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(1)
                        .nOut(6)
                        .activation(activation)
                        .build())
                .layer(new BatchNormalization.Builder().nIn(6).nOut(6).build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MSE)
                        .nIn(6)
                        .nOut(1)
                        .activation(Activation.IDENTITY)
                        .build())
                .build());
        network.init();
        return network;
    }
}
