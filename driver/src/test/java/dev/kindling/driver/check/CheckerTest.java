package dev.kindling.driver.check;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.aggregator.Clip;
import dev.kindling.driver.aggregator.RunningStatistics;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.driver.optimizer.Schedule;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.Targets;
import dev.kindling.job.optimizer.UpdateRule;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.CheckResult;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.sinusoid.SinusoidSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckerTest {
    private static final TaskSource SOURCE = TaskSources.open(
            new SourceDescription(
                    "sinusoid",
                    SinusoidSettings.maml(new EpisodeSizes(5, 5, 5, 5)).toMap()),
            new Configuration());
    private static final Model MODEL = ModelFactory.of(ModelSettings.preset("mlp-40-tanh"), SOURCE.layout(Split.TRAIN));

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void mamlIsOfSecondOrder(int steps) throws Exception {
        CheckReport report = report(method("maml", steps));
        assertThat(report.holds()).as(report.results().toString()).isTrue();
        JsonNode json = new ObjectMapper().readTree(report.json(method("maml", steps), "{}"));
        assertThat(json.at("/algorithm").asText()).isEqualTo("maml");
        assertThat(json.at("/order").asInt()).isEqualTo(2);
        assertThat(json.at("/first_order_gap").asDouble()).isGreaterThan(0.01);
        assertThat(json.at("/finite_difference_error")).hasSize(4);
        json.at("/finite_difference_error")
                .forEach(error -> assertThat(error.asDouble()).isLessThan(1e-6));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void fomamlIsOfFirstOrderAndPasses(int steps) {
        CheckReport report = report(method("fomaml", steps));
        assertThat(report.holds()).as(report.results().toString()).isTrue();
        assertThat(report.estimate().order()).isEqualTo(DerivativeOrder.FIRST);
        assertThat(report.estimate().firstOrder().orElseThrow().gap()).isLessThan(1e-9);
        assertThat(report.estimate().exactError()).isGreaterThan(1e-3);
    }

    @Test
    void firstOrderGradientThatClaimsToBeExactFails() {
        CheckReport report = report(Wrapped.claiming(Algorithm.Claim.EXACT, method("fomaml", 1)));
        assertThat(report.holds()).isFalse();
        assertThat(report.results().get(1).verdict()).isEqualTo(CheckResult.Verdict.FAILED);
    }

    @Test
    void exactGradientThatClaimsToBeFirstOrderFails() {
        assertThat(report(Wrapped.claiming(Algorithm.Claim.FIRST_ORDER, method("maml", 1)))
                        .holds())
                .isFalse();
    }

    @Test
    void arrayWithoutAGradientIsNamed() {
        Algorithm frozen = new Wrapped(method("maml", 1), Algorithm.Claim.EXACT, program -> changed(program, "1_b", 0));
        CheckReport report = report(frozen);
        assertThat(report.estimate().order()).isEqualTo(DerivativeOrder.NONE);
        assertThat(report.results()).anySatisfy(result -> {
            assertThat(result.statement()).isEqualTo("θ moves");
            assertThat(result.holds()).isFalse();
            assertThat(result.evidence()).contains("1_b");
        });
    }

    @Test
    void gradientThatIsATenthOfAPercentTooLargeIsDetected() {
        Algorithm scaled =
                new Wrapped(method("maml", 1), Algorithm.Claim.EXACT, program -> changed(program, "0_W", 1.001));
        OrderEstimate estimate = report(scaled).estimate();
        assertThat(estimate.order()).isEqualTo(DerivativeOrder.NONE);
        assertThat(estimate.exactErrors().get("0_W").error()).isBetween(5e-4, 2e-3);
        assertThat(estimate.exactErrors().get("1_W").error()).isLessThan(1e-6);
    }

    private static Algorithm method(String name, int steps) {
        return methods(name, steps).algorithm();
    }

    private static Methods methods(String name, int steps) {
        return Methods.named(name, List.of("algorithm.inner-learning-rate=0.1", "algorithm.inner-steps=" + steps));
    }

    /** The model with half of its inputs dropped. */
    private record Dropping(Model whole) implements Model {
        @Override
        public Layout parameters() {
            return whole.parameters();
        }

        @Override
        public void initialise(long seed, FlatVector target) {
            whole.initialise(seed, target);
        }

        @Override
        public boolean random() {
            return true;
        }

        @Override
        public Value output(ProgramBuilder b, Map<String, Value> parameters, Value x, ForwardContext context) {
            Value seen = context.key()
                    .map(key -> b.mul(x, b.greater(b.constant(0.5), b.uniform(key, x.shape()))))
                    .orElse(x);
            return whole.output(b, parameters, seen, context);
        }

        @Override
        public Value loss(ProgramBuilder b, Value output, Targets targets) {
            return whole.loss(b, output, targets);
        }

        @Override
        public Optional<Value> accuracy(ProgramBuilder b, Value output, Targets targets) {
            return whole.accuracy(b, output, targets);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void aModelWithDropoutIsCheckedWithTheTasksOwnKey(int steps) {
        Model dropping = new Dropping(MODEL);
        CheckReport exact = report(method("maml", steps), dropping);
        assertThat(exact.holds()).as(exact.results().toString()).isTrue();
        assertThat(exact.estimate().order()).isEqualTo(DerivativeOrder.SECOND);
        assertThat(exact.estimate().firstOrder().orElseThrow().gap()).isGreaterThan(1e-3);
        CheckReport first = report(method("fomaml", steps), dropping);
        assertThat(first.holds()).as(first.results().toString()).isTrue();
        assertThat(first.estimate().firstOrder().orElseThrow().gap()).isLessThan(1e-9);
        assertThat(exact.measures().get("query_loss"))
                .isNotEqualTo(report(method("maml", steps)).measures().get("query_loss"));
    }

    private static CheckReport report(Algorithm algorithm) {
        return report(algorithm, MODEL);
    }

    private static CheckReport report(Algorithm algorithm, Model model) {
        CheckTarget target = new CheckTarget(
                algorithm,
                Optional.of(methods(algorithm.name(), algorithm.steps()).reference()),
                model,
                SOURCE,
                Backends.named("reference"),
                new CompileOptions(Precision.DOUBLE, 1 << 20),
                new CheckTarget.Round(
                        1,
                        100,
                        3,
                        new Aggregator(new Clip.None(), RunningStatistics.NONE),
                        OptimizerSettings.of(UpdateRule.ADAM, new Schedule.Constant(1e-3))));
        Checker checker = new Checker(target, TaskChoice.FIRST);
        FlatVector theta =
                FlatVector.zeros(Precision.DOUBLE, checker.parameters().size());
        MODEL.initialise(3, theta);
        return checker.check(theta, checker.episode()).and(checker.checkConfiguration(theta));
    }

    /** The program with one output scaled. */
    private static Program changed(Program program, String array, double factor) {
        ProgramBuilder b = new ProgramBuilder();
        List<Value> arguments = new ArrayList<>();
        program.inputs().forEach(input -> arguments.add(b.input(input.name(), input.shape(), input.scope())));
        List<Value> results = b.inline(program, arguments);
        List<Program.Output> outputs = new ArrayList<>();
        for (Program.Output output : program.outputs()) {
            Value value = results.get(outputs.size());
            boolean named = output.name().equals(array);
            outputs.add(new Program.Output(
                    output.name(), output.reduction(), named ? b.mul(value, b.constant(factor)) : value));
        }
        return b.build("changed", outputs);
    }
}
