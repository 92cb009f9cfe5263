package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.cli.Kindling;
import dev.kindling.driver.error.StoppedEarlyException;
import dev.kindling.driver.error.StoppedException;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.training.TrainingListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The API: the same bits as the command line, on a running session, in memory and in a run folder. */
class MetaTrainerTest {
    private static MetaTrainer.Builder sines() {
        return MetaTrainer.builder()
                .tasks(Sinusoids.builder().amplitude(0.1, 5).build())
                .network(Networks.mlp(1, 40, 40, 1))
                .method(Maml.builder().innerLearningRate(0.01).innerSteps(1).build())
                .optimizer(Optimizers.adam(1e-3))
                .metaBatchSize(5)
                .rounds(6)
                .seed(3)
                .set("evaluation.tasks", 20);
    }

    @Test
    void trainingThroughTheApiGivesTheBitsOfTheCommandLine(@TempDir Path folder) {
        Path run = folder.resolve("cli");
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] args = {
            "train",
            "--conf",
            "../conf/sinusoid-maml.conf",
            "--master",
            "local[1]",
            "--out",
            run.toString(),
            "--set",
            "run.rounds=6",
            "--set",
            "run.seed=3",
            "--set",
            "task.meta-batch-size=5",
            "--set",
            "evaluation.tasks=20",
            "--set",
            "model.initializer=preset"
        };
        int code = Kindling.run(
                args,
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
        TrainedModel byApi = sines().build().fit();
        TrainedModel byCommand = TrainedModel.load(run.toString());
        assertThat(byApi.rounds()).isEqualTo(6);
        byCommand
                .parameters()
                .forEach((name, numbers) ->
                        assertThat(byApi.parameters().get(name)).as(name).isEqualTo(numbers));
    }

    /** The Bayesian head starts from a fit to the tasks; a huge learning rate makes every later round worse. */
    @Test
    void aTrainingThatOnlyGetsWorseEndsWithItsFittedStart() {
        List<Long> validated = new ArrayList<>();
        MetaTrainer trainer = MetaTrainer.builder()
                .tasks(Sinusoids.builder().support(5).query(5).build())
                .network("mlp-8-tanh")
                .method(BayesianLinear.builder().features(4).build())
                .optimizer(Optimizers.adam(1))
                .metaBatchSize(2)
                .rounds(4)
                .validation(2, 0)
                .validationTasks(20)
                .set("evaluation.tasks", 20)
                .listener(new TrainingListener() {
                    @Override
                    public void done(Round round) {}

                    @Override
                    public void validated(Validation validation) {
                        validated.add(validation.round());
                    }
                })
                .build();

        assertThat(trainer.fit().rounds()).isZero();
        assertThat(validated).containsExactly(0L, 2L, 4L);
    }

    @Test
    void aRunningSessionTrainsTheSameModelAndIsNotStopped(@TempDir Path folder) {
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .appName("notebook")
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            List<Long> rounds = new ArrayList<>();
            TrainedModel model = sines().listener(round -> rounds.add(round.number()))
                    .build()
                    .fit(spark);
            assertThat(rounds).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
            TrainedModel here = sines().build().fit();
            here.parameters()
                    .forEach((name, numbers) ->
                            assertThat(model.parameters().get(name)).as(name).isEqualTo(numbers));
            Evaluation evaluation = model.evaluate(spark, 20);
            assertThat(evaluation.step(1).loss())
                    .isEqualTo(model.evaluation().orElseThrow().step(1).loss())
                    .isEqualTo(model.evaluate(20).step(1).loss());
            assertThat(spark.range(10).count()).isEqualTo(10);

            String place = folder.resolve("run").toString();
            TrainedModel inFolder = sines().runFolder(place).build().fit(spark);
            TrainedModel longer = sines().runFolder(place).rounds(9).build().resume(spark);
            assertThat(inFolder.rounds()).isEqualTo(6);
            assertThat(longer.rounds()).isEqualTo(9);
            assertThat(spark.range(10).count()).isEqualTo(10);
        }
    }

    @Test
    void aLoadedModelAdaptsAndPredictsLikeTheSavedOne(@TempDir Path folder) {
        TrainedModel model = sines().build().fit();
        String place = folder.resolve("model").toString();
        model.save(place);
        TrainedModel loaded = TrainedModel.load(place);
        float[] x = {-2, -1, 0, 1, 2};
        float[] y = {0.5f, 1, 0, -1, -0.5f};
        float[] queries = {-1.5f, 0.3f, 1.7f};
        float[] predicted = model.adapt(x, y).predict(queries);
        assertThat(predicted).hasSize(3);
        assertThat(loaded.adapt(x, y).predict(queries)).isEqualTo(predicted);
        assertThat(loaded.inputShape()).containsExactly(1);
        assertThat(loaded.outputs()).isEqualTo(1);
        assertThatThrownBy(() -> model.save(place)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void adaptAndPredictAreThreadSafe() {
        TrainedModel model = sines().build().fit();
        List<float[]> predictions = IntStream.range(0, 200)
                .parallel()
                .mapToObj(i -> {
                    float[] x = new float[3 + i % 4];
                    float[] y = new float[x.length];
                    for (int k = 0; k < x.length; k++) {
                        x[k] = k - i % 4;
                        y[k] = (float) Math.sin(x[k]);
                    }
                    return model.adapt(x, y).predict(new float[] {i % 4, 1});
                })
                .toList();
        for (int i = 4; i < predictions.size(); i++) {
            assertThat(predictions.get(i)).isEqualTo(predictions.get(i % 4));
        }
    }

    @Test
    void mismatchedSizesAreRefusedWithTheirNumbers() {
        TrainedModel model = sines().build().fit();
        assertThatThrownBy(() -> model.adapt(new float[] {1, 2}, new float[] {1}))
                .hasMessage("the support set has 2 inputs and 1 numbers of targets; it must have 2");
        assertThatThrownBy(() -> sines().network(Networks.mlp(2, 40, 1)).build())
                .hasMessage("the network has 2 inputs; the tasks have 1");
        assertThatThrownBy(() -> sines().set("algorithm.inner-rate", 0.1).build())
                .hasMessage("the key algorithm.inner-rate is called algorithm.inner-learning-rate since 0.2.0");
        assertThatThrownBy(() -> Networks.mlp(1, 1)).hasMessageContaining("at least three");
    }

    @Test
    void aTrainingThatIsCancelledEnds() {
        MetaTrainer[] trainer = new MetaTrainer[1];
        TrainingListener listener = round -> {
            if (round.number() == 2) {
                trainer[0].cancel();
            }
        };
        trainer[0] = sines().listener(listener).build();
        assertThatThrownBy(() -> trainer[0].fit()).isInstanceOf(StoppedEarlyException.class);
    }

    private static TrainingListener cancelling(MetaTrainer[] trainer, boolean[] cancels) {
        return round -> {
            if (cancels[0] && round.number() == 2) {
                cancels[0] = false;
                trainer[0].cancel();
            }
        };
    }

    @Test
    void aCancellationEndsOnlyTheTrainingThatIsRunning() {
        MetaTrainer[] trainer = new MetaTrainer[1];
        trainer[0] = sines().listener(cancelling(trainer, new boolean[] {true})).build();
        assertThatThrownBy(() -> trainer[0].fit()).isInstanceOf(StoppedEarlyException.class);
        assertThat(trainer[0].fit().rounds()).isEqualTo(6);
        trainer[0].cancel();
        assertThat(trainer[0].fit().rounds()).isEqualTo(6);
    }

    @Test
    void aCancelledTrainingInAFolderHasACheckpointAndResumesToTheSameBits(@TempDir Path folder) {
        String place = folder.resolve("run").toString();
        MetaTrainer[] trainer = new MetaTrainer[1];
        trainer[0] = sines().listener(cancelling(trainer, new boolean[] {true}))
                .runFolder(place)
                .build();
        assertThatThrownBy(() -> trainer[0].fit())
                .isInstanceOf(StoppedException.class)
                .hasMessageContaining("MetaTrainer.cancel stopped the run after 2 of 6 rounds");
        assertThat(folder.resolve("run/checkpoints")).isNotEmptyDirectory();
        TrainedModel resumed = trainer[0].resume();
        assertThat(resumed.rounds()).isEqualTo(6);
        assertThat(resumed.parameters())
                .usingRecursiveComparison()
                .isEqualTo(sines().build().fit().parameters());
    }

    @Test
    void theCommandLineEvaluatesASavedModelToTheSameNumbers(@TempDir Path folder) throws IOException {
        TrainedModel model = sines().build().fit();
        Path place = folder.resolve("model");
        model.save(place.toString());
        Files.delete(place.resolve("evaluation.json"));
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Kindling.run(
                new String[] {"evaluate", "--out", place.toString(), "--master", "local[1]"},
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
        JsonNode steps = new ObjectMapper()
                .readTree(place.resolve("evaluation.json").toFile())
                .get("steps");
        Evaluation evaluation = TrainedModel.load(place.toString()).evaluate(20);
        assertThat(steps).hasSize(11);
        for (int step = 0; step < steps.size(); step++) {
            assertThat(steps.get(step).get("loss").get("mean").doubleValue())
                    .isEqualTo(evaluation.step(step).loss().mean());
        }
    }

    @Test
    void registeredTasksMethodsAndNetworksAreFoundByName() {
        MetaTrainer.Builder own = MetaTrainer.builder()
                .tasks(TaskDistribution.named("blobs", Map.of("blobs.classes", 4, "task.support", 2, "task.query", 2)))
                .network("gaussian")
                .method(Method.named("one-step", Map.of("one-step.rate", 0.05)))
                .rounds(3)
                .set("evaluation.tasks", 5);
        TrainedModel model = own.build().fit();
        assertThat(model.outputs()).isEqualTo(4);
        assertThat(model.parameters()).containsOnlyKeys("0_W", "0_b", "2_W", "2_b");
        TrainedModel maml = own.method(
                        Maml.builder().innerLearningRate(0.05).innerSteps(1).build())
                .build()
                .fit();
        // The same method written twice: equal up to rounding.
        model.parameters().forEach((name, numbers) -> {
            double[] others = maml.parameters().get(name);
            for (int i = 0; i < numbers.length; i++) {
                assertThat(numbers[i]).as(name).isCloseTo(others[i], within(1e-5));
            }
        });
        float[] support = {0, 0, 1, 1, 0, 1, 1, 0};
        float[] labels = {0, 1, 2, 3};
        AdaptedModel adapted = model.adapt(support, labels);
        assertThat(adapted.predict(new float[] {0.1f, 0.1f})).hasSize(1);
        float[] probabilities = adapted.probabilities(new float[] {0.1f, 0.1f, 0.9f, 0.9f});
        assertThat(probabilities[0] + probabilities[1] + probabilities[2] + probabilities[3])
                .isCloseTo(1f, within(1e-5f));
        assertThatThrownBy(() -> model.adapt(support, new float[] {0, 1, 2, 4}))
                .hasMessage("a support target is the class 4.0; it must be an integer from 0 to 3");
    }
}
