package dev.kindling.driver.check;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.aggregator.Clip;
import dev.kindling.driver.aggregator.RunningStatistics;
import dev.kindling.driver.optimizer.Method;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.driver.optimizer.Schedule;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.Models;
import dev.kindling.job.model.Pass;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.sinusoid.SinusoidSettings;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
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
    private static final Model MODEL = Models.of(ModelSettings.preset("mlp-40-tanh"), SOURCE.layout(Purpose.TRAIN));

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void mamlIsFoundToBeOfSecondOrder(int steps) throws Exception {
        CheckReport report = report(method("maml", steps));
        assertThat(report.holds()).as(report.proofs().toString()).isTrue();
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
    void fomamlIsFoundToBeOfFirstOrderAndThatIsASuccess(int steps) {
        CheckReport report = report(method("fomaml", steps));
        assertThat(report.holds()).as(report.proofs().toString()).isTrue();
        assertThat(report.finding().order()).isEqualTo(Order.FIRST);
        assertThat(report.finding().frozen().orElseThrow().gap()).isLessThan(1e-9);
        assertThat(report.finding().exactError()).isGreaterThan(1e-3);
    }

    @Test
    void firstOrderGradientThatClaimsToBeExactFails() {
        CheckReport report = report(Wrapped.claiming(Algorithm.Claim.EXACT, method("fomaml", 1)));
        assertThat(report.holds()).isFalse();
        assertThat(report.proofs().get(1).verdict()).isEqualTo(Verdict.FAILED);
    }

    @Test
    void exactGradientThatClaimsToBeFirstOrderFails() {
        assertThat(report(Wrapped.claiming(Algorithm.Claim.FIRST_ORDER, method("maml", 1)))
                        .holds())
                .isFalse();
    }

    @Test
    void arrayThatNoGradientReachesIsNamed() {
        Algorithm frozen = new Wrapped(method("maml", 1), Algorithm.Claim.EXACT, program -> changed(program, "1_b", 0));
        CheckReport report = report(frozen);
        assertThat(report.finding().order()).isEqualTo(Order.NONE);
        assertThat(report.proofs()).anySatisfy(proof -> {
            assertThat(proof.statement()).isEqualTo("θ moves");
            assertThat(proof.holds()).isFalse();
            assertThat(proof.evidence()).contains("1_b");
        });
    }

    @Test
    void gradientThatIsATenthOfAPercentTooLargeIsFoundOut() {
        Algorithm scaled =
                new Wrapped(method("maml", 1), Algorithm.Claim.EXACT, program -> changed(program, "0_W", 1.001));
        OrderFinding finding = report(scaled).finding();
        assertThat(finding.order()).isEqualTo(Order.NONE);
        assertThat(finding.exactErrors().get("0_W").error()).isBetween(5e-4, 2e-3);
        assertThat(finding.exactErrors().get("1_W").error()).isLessThan(1e-6);
    }

    private static Algorithm method(String name, int steps) {
        return methods(name, steps).algorithm();
    }

    private static Methods methods(String name, int steps) {
        return Methods.named(name, List.of("algorithm.inner-rate=0.1", "algorithm.inner-steps=" + steps));
    }

    /** The model with half of the hidden inputs dropped: here those of x itself. */
    private record Dropping(Model whole) implements Model {
        @Override
        public Layout parameters() {
            return whole.parameters();
        }

        @Override
        public void initialise(long seed, Storage target) {
            whole.initialise(seed, target);
        }

        @Override
        public boolean random() {
            return true;
        }

        @Override
        public Value output(Builder b, Map<String, Value> parameters, Value x, Pass pass) {
            Value seen = pass.key()
                    .map(key -> b.mul(x, b.greater(b.constant(0.5), b.uniform(key, x.shape()))))
                    .orElse(x);
            return whole.output(b, parameters, seen, pass);
        }

        @Override
        public Value loss(Builder b, Value output, Value y) {
            return whole.loss(b, output, y);
        }

        @Override
        public Optional<Value> accuracy(Builder b, Value output, Value y) {
            return whole.accuracy(b, output, y);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void aModelThatDropsNumbersIsProvedWithTheTasksOwnKey(int steps) {
        Model dropping = new Dropping(MODEL);
        CheckReport exact = report(method("maml", steps), dropping);
        assertThat(exact.holds()).as(exact.proofs().toString()).isTrue();
        assertThat(exact.finding().order()).isEqualTo(Order.SECOND);
        assertThat(exact.finding().frozen().orElseThrow().gap()).isGreaterThan(1e-3);
        CheckReport first = report(method("fomaml", steps), dropping);
        assertThat(first.holds()).as(first.proofs().toString()).isTrue();
        assertThat(first.finding().frozen().orElseThrow().gap()).isLessThan(1e-9);
        assertThat(exact.measures().get("query_loss"))
                .isNotEqualTo(report(method("maml", steps)).measures().get("query_loss"));
    }

    private static CheckReport report(Algorithm algorithm) {
        return report(algorithm, MODEL);
    }

    private static CheckReport report(Algorithm algorithm, Model model) {
        Subject subject = new Subject(
                algorithm,
                Optional.of(methods(algorithm.name(), algorithm.steps()).reference()),
                model,
                SOURCE,
                Backends.named("plain"),
                new CompileOptions(Precision.DOUBLE, 1 << 20),
                new Subject.Round(
                        1,
                        100,
                        3,
                        new Aggregator(new Clip.None(), RunningStatistics.NONE),
                        new OptimizerSettings(Method.ADAM, new Schedule.Constant(1e-3), 0)));
        Checker checker = new Checker(subject, TaskChoice.FIRST);
        Storage theta = Storage.zeros(Precision.DOUBLE, checker.parameters().size());
        MODEL.initialise(3, theta);
        return checker.check(theta, checker.episode()).and(checker.checkConfiguration(theta));
    }

    /** The program with one output scaled. */
    private static Program changed(Program program, String array, double factor) {
        Builder b = new Builder();
        List<Value> arguments = new ArrayList<>();
        program.inputs().forEach(input -> arguments.add(b.input(input.name(), input.shape(), input.kind())));
        List<Value> results = b.inline(program, arguments);
        List<Program.Output> outputs = new ArrayList<>();
        for (Program.Output output : program.outputs()) {
            Value value = results.get(outputs.size());
            boolean named = output.name().equals(array);
            outputs.add(
                    new Program.Output(output.name(), output.role(), named ? b.mul(value, b.constant(factor)) : value));
        }
        return b.build("changed", outputs);
    }
}
