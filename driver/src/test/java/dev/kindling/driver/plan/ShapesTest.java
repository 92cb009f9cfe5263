package dev.kindling.driver.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Variants;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Plans for tasks of several shapes. */
class ShapesTest {
    private static final SourceDescription NOWHERE = new SourceDescription("nowhere", new TreeMap<>());

    private static PlanSettings settings(int steps) {
        return new PlanSettings(
                ModelSettings.preset("omniglot-fc"),
                "maml",
                new InnerSettings(0.1, steps),
                new BackendSettings("plain", new CompileOptions(Precision.FLOAT, 1 << 20)),
                2,
                Purpose.TEST);
    }

    private static EpisodeLayout layout(int ways, int shots) {
        return new EpisodeLayout(Shape.of(1, 28, 28), ways, ways, ways * shots, ways);
    }

    /** Shapes for training, and one for all else. */
    private record Shapes(List<EpisodeLayout> training, EpisodeLayout other) implements TaskSource {
        @Override
        public EpisodeLayout layout(Purpose purpose) {
            return purpose == Purpose.TRAIN ? training.get(training.size() - 1) : other;
        }

        @Override
        public List<EpisodeLayout> layouts(Purpose purpose) {
            return purpose == Purpose.TRAIN ? training : List.of(other);
        }

        @Override
        public String outputs() {
            return "few-shot.ways is such";
        }

        @Override
        public TaskSpec sample(TaskKey key) {
            throw new UnsupportedOperationException("nothing is drawn here");
        }

        @Override
        public void materialise(TaskSpec spec, Storage target, int offset) {
            throw new UnsupportedOperationException("nothing is drawn here");
        }

        @Override
        public String dataHash() {
            return "generated";
        }
    }

    @Test
    void thereIsAProgramForEachShapeAndOneThetaForAll() {
        Shapes shapes = new Shapes(List.of(layout(5, 1), layout(5, 2), layout(5, 3)), layout(5, 4));
        Plan plan = Plan.of(settings(1), NOWHERE, shapes).validating(1);
        assertThat(plan.job().program(Plan.TRAIN).programs())
                .extracting(Program::taskInputs)
                .containsExactlyElementsOf(
                        shapes.training().stream().map(EpisodeLayout::arrays).toList());
        assertThat(plan.job().program(Plan.EVALUATE).programs()).hasSize(1);
        assertThat(plan.job().program(Plan.VALIDATE).programs()).hasSize(1);
        for (Variants program : plan.job().programs().values()) {
            assertThat(program.sharedInputs()).isEqualTo(plan.parameters());
        }
        // A program of one shape is the one that a plan of that shape alone has.
        Plan alone = Plan.of(settings(1), NOWHERE, new Shapes(List.of(layout(5, 2)), layout(5, 4)));
        assertThat(plan.job().program(Plan.TRAIN).programs().get(1))
                .isEqualTo(alone.job().program(Plan.TRAIN).first());
        assertThat(plan.hash()).isNotEqualTo(alone.hash());
    }

    @Test
    void whatLearnsAnOutputLayerRefusesTasksOfAnotherWidth() {
        for (Shapes shapes : List.of(
                new Shapes(List.of(layout(3, 1), layout(4, 1)), layout(4, 1)),
                new Shapes(List.of(layout(4, 1)), layout(3, 1)))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Plan.of(settings(1), NOWHERE, shapes))
                    .withMessage(
                            "few-shot.ways is such; it must be one number, the same in training and evaluation, for "
                                    + "omniglot-fc with maml learns an output layer of that width: 12_W would be [64, 4] for one "
                                    + "task and [64, 3] for another");
        }
    }

    /** Its θ is the network without the output layer, whatever that is. */
    private static final class Embedding implements Algorithm {
        @Override
        public String name() {
            return "embedding";
        }

        @Override
        public Claim claim() {
            return Claim.EXACT;
        }

        @Override
        public Layout parameters(Model model) {
            Layout.Builder theta = Layout.builder();
            model.parameters().entries().stream()
                    .filter(entry -> !entry.name().startsWith("12_"))
                    .forEach(entry -> theta.add(entry.name(), entry.shape()));
            return theta.build();
        }

        @Override
        public void initialise(Model model, long seed, Storage target) {
            throw new UnsupportedOperationException("nothing is drawn here");
        }

        @Override
        public Program train(Model model, EpisodeLayout layout) {
            Builder b = new Builder();
            List<Program.Output> outputs = new ArrayList<>();
            for (Layout.Entry entry : parameters(model).entries()) {
                Value value = b.input(entry.name(), entry.shape(), Program.Kind.SHARED);
                outputs.add(new Program.Output(entry.name(), Program.Role.SUM, value));
            }
            layout.arrays().entries().forEach(entry -> b.input(entry.name(), entry.shape(), Program.Kind.TASK));
            return b.build("embedding", outputs);
        }

        @Override
        public Program evaluate(Model model, EpisodeLayout layout, int steps) {
            throw new UnsupportedOperationException("nothing is evaluated here");
        }
    }

    @Test
    void whatLearnsNoneTakesAnyWidth() {
        Shapes shapes = new Shapes(List.of(layout(3, 1), layout(4, 1)), layout(20, 1));
        Algorithm embedding = new Embedding();
        LayoutModels models = new LayoutModels(settings(1), embedding, shapes);
        assertThat(models.programs(Purpose.TRAIN, embedding::train).programs()).hasSize(2);
        assertThat(models.of(layout(20, 1)).parameters().shape("12_W")).isEqualTo(Shape.of(64, 20));
        assertThat(models.theta().names()).contains("10_gamma").doesNotContain("12_W");
    }
}
