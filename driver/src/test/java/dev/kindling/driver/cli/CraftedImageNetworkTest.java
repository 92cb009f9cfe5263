package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.NetworkFile;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Tests crafted JSON configurations of {@code model.network} with layers over images. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CraftedImageNetworkTest extends CraftedNetworkFiles {
    @Test
    void anyValueOfAnySettingIsRefusedOrGivesASmallModel() throws IOException {
        JsonNode root = JSON.readTree(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(2).padding(1, 1).build())
                .layer(new BatchNormalization())
                .layer(new SubsamplingLayer.Builder(PoolingType.AVG)
                        .kernelSize(3, 3)
                        .padding(1, 1)
                        .build())
                .layer(new DropoutLayer(0.5))
                .layer(new ActivationLayer(Activation.ELU))
                .layer(new GlobalPoolingLayer(PoolingType.MAX))
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nOut(5)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(8, 8, 1))
                .build()
                .toJson());
        EpisodeLayout episode = new EpisodeLayout(Shape.of(1, 8, 8), 5, 5, 5, 5);
        List<JsonNode> values = new ArrayList<>(values());
        values.add(JSON.readTree("[2147483647, 2147483647]"));
        values.add(JSON.readTree("[1, -1]"));
        values.add(JSON.readTree("{\"@class\": \"org.nd4j.linalg.schedule.MapSchedule\"}"));
        for (String place : places("", root)) {
            for (JsonNode value : values) {
                NetworkFile file =
                        new NetworkFile("crafted", replaced(root, place, value).getBytes(StandardCharsets.UTF_8));
                try {
                    Model model = ModelFactory.of(
                            new ModelSettings("crafted", "preset", "query", Optional.of(file)), episode);
                    assertThat(model.parameters().size()).isLessThan(10_000);
                } catch (IllegalArgumentException e) {
                    assertThat(ExitCode.message(e))
                            .as("%s = %s", place, value)
                            .startsWith("model.network is crafted, ");
                }
            }
        }
    }
}
