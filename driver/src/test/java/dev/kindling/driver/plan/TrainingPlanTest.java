package dev.kindling.driver.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.algorithm.FomamlAlgorithm;
import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.algorithm.MamlAlgorithm;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.regression.RegressionSettings;
import dev.kindling.job.tensor.Precision;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingPlanTest {
    private static final SourceDescription SOURCE =
            new SourceDescription("regression", new RegressionSettings(new EpisodeSizes(5, 5, 5, 5)).toMap());

    @ParameterizedTest
    @CsvSource({"1,1", "16383,1", "16384,4", "247109,4", "1048575,4", "1048576,8"})
    void blockSizeDependsOnTheParameterCountOnly(int parameterCount, int tasks) {
        assertThat(TrainingPlan.blockSize(parameterCount)).isEqualTo(tasks);
    }

    @Test
    void hashChangesWithEverythingThatChangesTheBits() {
        String hash = plan("maml", Precision.FLOAT, 1).hash();
        assertThat(plan("maml", Precision.FLOAT, 1).hash()).isEqualTo(hash);
        assertThat(plan("fomaml", Precision.FLOAT, 1).hash()).isNotEqualTo(hash);
        assertThat(plan("maml", Precision.DOUBLE, 1).hash()).isNotEqualTo(hash);
        assertThat(plan("maml", Precision.FLOAT, 2).hash()).isNotEqualTo(hash);
    }

    @Test
    void jobHoldsBothProgramsOverOneTheta() {
        TrainingPlan plan = plan("maml", Precision.FLOAT, 1);
        assertThat(plan.job().programs()).containsOnlyKeys(TrainingPlan.TRAIN, TrainingPlan.EVALUATE);
        assertThat(plan.job().programs().values())
                .allSatisfy(program -> assertThat(program.broadcastInputs()).isEqualTo(plan.parameters()));
        // 40 weights and 40 biases, 40 weights and 1 bias.
        assertThat(plan.parameters().size()).isEqualTo(121);
        TaskSource source = TaskSources.open(SOURCE, new Configuration());
        assertThat(plan.untrained(3, source).size()).isEqualTo(121);
        assertThat(plan.untrained(3, source))
                .isEqualTo(plan.untrained(3, source))
                .isNotEqualTo(plan.untrained(4, source));
    }

    @Test
    void roundsOfFirstOrderHaveAProgramOfTheirOwn() {
        TrainingPlan plan = plan(mamlPlusPlus(3), Precision.FLOAT);
        assertThat(plan.job().programs())
                .containsOnlyKeys(TrainingPlan.TRAIN, TrainingPlan.TRAIN_FIRST_ORDER, TrainingPlan.EVALUATE);
        assertThat(plan.trainingProgram(2)).isEqualTo(TrainingPlan.TRAIN_FIRST_ORDER);
        assertThat(plan.trainingProgram(3)).isEqualTo(TrainingPlan.TRAIN);
        assertThat(plan.job().program(TrainingPlan.TRAIN_FIRST_ORDER).perTask()).isEqualTo(plan.trainingMeasures());
        TrainingPlan exact = plan(mamlPlusPlus(0), Precision.FLOAT);
        assertThat(exact.job().programs()).doesNotContainKey(TrainingPlan.TRAIN_FIRST_ORDER);
        assertThat(exact.trainingProgram(0)).isEqualTo(TrainingPlan.TRAIN);
        assertThat(exact.hash()).isNotEqualTo(plan.hash());
    }

    private static Algorithm mamlPlusPlus(int firstOrderUntil) {
        JobConfig configuration = JobConfig.reference()
                .with(Map.of("algorithm.name", "maml-plus-plus", "maml-plus-plus.first-order-until", firstOrderUntil));
        return SettingsReader.read(configuration, new Configuration()).plan().algorithm();
    }

    private static TrainingPlan plan(String algorithm, Precision precision, int steps) {
        InnerSettings inner = new InnerSettings(0.1, steps);
        return plan(algorithm.equals("maml") ? new MamlAlgorithm(inner) : new FomamlAlgorithm(inner), precision);
    }

    private static TrainingPlan plan(Algorithm algorithm, Precision precision) {
        PlanSettings settings = new PlanSettings(
                ModelSettings.preset("mlp-40-tanh"),
                algorithm,
                new BackendSettings("reference", new CompileOptions(precision, 1 << 20)),
                2,
                Split.TEST);
        return TrainingPlan.of(settings, SOURCE, TaskSources.open(SOURCE, new Configuration()));
    }
}
