package dev.kindling.driver.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.algorithm.MamlAlgorithm;
import dev.kindling.job.algorithm.ProtoMamlAlgorithm;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.program.Program;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Plans for tasks of several layouts. */
class ShapesTest {
    private static final SourceDescription NOWHERE = new SourceDescription("nowhere", new TreeMap<>());

    private static PlanSettings settings(int steps) {
        return new PlanSettings(
                ModelSettings.preset("omniglot-fc"),
                new MamlAlgorithm(new InnerSettings(0.1, steps)),
                new BackendSettings("reference", new CompileOptions(Precision.FLOAT, 1 << 20)),
                2,
                Split.TEST);
    }

    private static EpisodeLayout layout(int ways, int shots) {
        return new EpisodeLayout(Shape.of(1, 28, 28), ways, ways, ways * shots, ways);
    }

    /** Layouts for training, and one for validation and test. */
    private record Shapes(List<EpisodeLayout> training, EpisodeLayout other) implements TaskSource {
        @Override
        public EpisodeLayout layout(Split split) {
            return split == Split.TRAIN ? training.get(training.size() - 1) : other;
        }

        @Override
        public List<EpisodeLayout> layouts(Split split) {
            return split == Split.TRAIN ? training : List.of(other);
        }

        @Override
        public String outputs() {
            return "few-shot.ways is such";
        }

        @Override
        public TaskSpec sample(TaskKey key) {
            throw new UnsupportedOperationException("tasks are not sampled in this test");
        }

        @Override
        public void materialise(TaskSpec spec, FlatVector target, int offset) {
            throw new UnsupportedOperationException("tasks are not sampled in this test");
        }

        @Override
        public String dataHash() {
            return "generated";
        }
    }

    @Test
    void thereIsAProgramForEachLayoutAndOneThetaForAll() {
        Shapes shapes = new Shapes(List.of(layout(5, 1), layout(5, 2), layout(5, 3)), layout(5, 4));
        TrainingPlan plan = TrainingPlan.of(settings(1), NOWHERE, shapes).validating(1);
        assertThat(plan.job().program(TrainingPlan.TRAIN).programs())
                .extracting(Program::taskInputs)
                .containsExactlyElementsOf(
                        shapes.training().stream().map(EpisodeLayout::arrays).toList());
        assertThat(plan.job().program(TrainingPlan.EVALUATE).programs()).hasSize(1);
        assertThat(plan.job().program(TrainingPlan.VALIDATE).programs()).hasSize(1);
        for (ProgramVariants program : plan.job().programs().values()) {
            assertThat(program.broadcastInputs()).isEqualTo(plan.parameters());
        }
        // The program of one layout equals that of a plan with this layout only.
        TrainingPlan alone = TrainingPlan.of(settings(1), NOWHERE, new Shapes(List.of(layout(5, 2)), layout(5, 4)));
        assertThat(plan.job().program(TrainingPlan.TRAIN).programs().get(1))
                .isEqualTo(alone.job().program(TrainingPlan.TRAIN).first());
        assertThat(plan.hash()).isNotEqualTo(alone.hash());
    }

    @Test
    void aMethodThatLearnsAnOutputLayerRefusesTasksOfAnotherWidth() {
        for (Shapes shapes : List.of(
                new Shapes(List.of(layout(3, 1), layout(4, 1)), layout(4, 1)),
                new Shapes(List.of(layout(4, 1)), layout(3, 1)))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> TrainingPlan.of(settings(1), NOWHERE, shapes))
                    .withMessage(
                            "few-shot.ways is such; it must be one number, the same in training and evaluation, for "
                                    + "omniglot-fc with maml learns an output layer of that width: 12_W would be [64, 4] for one "
                                    + "task and [64, 3] for another; a method that makes its head from the support set takes any");
        }
    }

    @Test
    void aMethodWithoutALearnedOutputLayerTakesAnyWidth() {
        Shapes shapes = new Shapes(List.of(layout(3, 1), layout(4, 1)), layout(20, 1));
        Algorithm protoMaml = new ProtoMamlAlgorithm(new InnerSettings(0.1, 1));
        ModelsByLayout models = new ModelsByLayout(settings(1), protoMaml, shapes);
        assertThat(models.programs(Split.TRAIN, protoMaml::train, 1).programs()).hasSize(2);
        assertThat(models.of(layout(20, 1)).parameters().shape("12_W")).isEqualTo(Shape.of(64, 20));
        assertThat(models.theta().names()).contains("10_gamma").doesNotContain("12_W");
    }
}
