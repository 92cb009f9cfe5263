package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.config.JobConfig;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Each method, optimizer, schedule and network of the builders trains; what a builder does not set is the default. */
class BuildersTest {

    private static MetaTrainer.Builder waves(Method method) {
        return MetaTrainer.builder()
                .tasks(Sinusoids.builder().support(4).query(4).build())
                .method(method)
                .network("mlp-8")
                .metaBatchSize(2)
                .rounds(2)
                .set("evaluation.tasks", 2)
                .set("evaluation.steps", 3);
    }

    private static MetaTrainer.Builder blobs(Method method) {
        return waves(method).tasks(TaskDistribution.named("blobs", Map.of("task.support", 2, "task.query", 2)));
    }

    @TestFactory
    Stream<DynamicTest> methodsOfRegressionTrainAndServe() {
        return Stream.of(
                        Maml.builder().innerOptimizer("adam").innerSteps(2).build(),
                        Fomaml.builder().build(),
                        Anil.builder().adapt("head").build(),
                        MetaSgd.builder().learningRates(0.01, 0.02).build(),
                        MamlPlusPlus.builder()
                                .innerSteps(3)
                                .multiStepLossRounds(2)
                                .build(),
                        ImplicitMaml.builder()
                                .lambda(1)
                                .solver("cg")
                                .maxIterations(3)
                                .build(),
                        Reptile.builder()
                                .outerStepSize(LearningRate.linear(1, 0))
                                .innerOptimizer("adam")
                                .batch(2)
                                .build(),
                        Transfer.builder().build(),
                        RandomInit.builder().build(),
                        Hypernetwork.builder().hiddenUnits(8).build(),
                        ConditionalNeuralProcess.builder().hiddenUnits(8).build(),
                        BayesianLinear.builder().features(8).build(),
                        RidgeHead.builder().initialPenalty(0.5).build())
                .map(method -> DynamicTest.dynamicTest(
                        String.valueOf(method.settings().get("algorithm.name")),
                        () -> assertServingEqualsEvaluation(
                                waves(method).build().fit(), 1)));
    }

    @TestFactory
    Stream<DynamicTest> methodsOfClassesTrainAndServe() {
        return Stream.of(
                        ProtoMaml.builder().innerSteps(2).build(),
                        ProtoNet.builder().measure("cosine").scale(10).build(),
                        RidgeHead.builder().build(),
                        LogisticHead.builder().initialPenalty(0.5).build(),
                        Maml.builder().build())
                .map(method -> DynamicTest.dynamicTest(
                        String.valueOf(method.settings().get("algorithm.name")),
                        () -> assertServingEqualsEvaluation(
                                blobs(method).build().fit(), 2)));
    }

    /** A served prediction for one query is that for the same query among others: nothing depends on the batch here. */
    private static void assertServingEqualsEvaluation(TrainedModel model, int features) {
        float[] x = new float[6 * features];
        float[] y = new float[6];
        for (int i = 0; i < x.length; i++) {
            x[i] = (i % 5) - 2;
        }
        for (int i = 0; i < y.length; i++) {
            y[i] = i % 3;
        }
        AdaptedModel adapted = model.adapt(x, y);
        float[] together = adapted.predict(x);
        for (int i = 0; i < 6; i++) {
            float[] one = new float[features];
            System.arraycopy(x, i * features, one, 0, features);
            assertThat(adapted.predict(one)).containsExactly(together[i]);
        }
        assertThat(together).hasSize(6);
    }

    @Test
    void optimizersAndSchedulesSetTheirKeys() {
        List<Optimizer> all = List.of(
                Optimizers.sgd(0.1),
                Optimizers.nesterovs(0.1),
                Optimizers.adam(LearningRate.cosine(1e-3, 0)),
                Optimizers.adamw(LearningRate.warmUp(0, 2, LearningRate.constant(1e-3)), 0.1),
                Optimizers.adamax(1e-3),
                Optimizers.nadam(1e-3),
                Optimizers.amsgrad(LearningRate.step(1e-3, 0.5, 2)),
                Optimizers.adagrad(1e-3),
                Optimizers.rmsprop(1e-3).clipNorm(10),
                Optimizers.adadelta(1).clipValue(1),
                Optimizers.momentum(0.1).momentum(0.5),
                Optimizers.lion(1e-3).beta1(0.8).beta2(0.9).weightDecay(0.1),
                Optimizers.radam(1e-3).epsilon(1e-6),
                Optimizers.adam(1e-3).group("0_*", 0.1).group("1_b", 1, 0.5));
        for (Optimizer optimizer : all) {
            TrainedModel model =
                    waves(Maml.builder().build()).optimizer(optimizer).build().fit();
            assertThat(model.rounds()).isEqualTo(2);
        }
    }

    @Test
    void networksAreBuiltLayerByLayer() {
        NetworkSpec network = Networks.layers()
                .dense(6)
                .activation("tanh")
                .batchNorm()
                .dense(5)
                .activation("relu")
                .build();
        TrainedModel model =
                waves(Maml.builder().build()).network(network).build().fit();
        assertThat(model.parameters()).containsOnlyKeys("0_W", "0_b", "2_beta", "2_gamma", "3_W", "3_b", "5_W", "5_b");
        assertThat(model.configuration()).contains("dense-6, tanh, batch-norm, dense-5, relu");
    }

    @Test
    void anMlpWithThePresetsSizesIsThePreset() {
        TrainedModel preset =
                waves(Maml.builder().build()).network("mlp-40-40").build().fit();
        TrainedModel written = waves(Maml.builder().build())
                .network("dense-40-relu, dense-40-relu")
                .build()
                .fit();
        assertThat(written.parameters().get("0_W"))
                .isEqualTo(preset.parameters().get("0_W"));
    }

    @Test
    void unsetKeysHaveTheirDefaults() {
        assertThat(MetaTrainer.builder().build().configuration())
                .isEqualTo(JobConfig.reference().rendered());
    }
}
