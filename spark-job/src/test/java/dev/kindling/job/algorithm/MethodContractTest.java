package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of every method: a row for each configuration that changes a method's programs. */
class MethodContractTest {
    private static final double TOLERANCE = 1e-5;
    private static final double[] STEPS = {1e-4, 1e-5, 1e-6, 1e-7};

    /**
     * A configured method.
     *
     * @param network of its task
     * @param round of its task
     */
    record Row(String method, String network, int round, OptionsForTests options) {
        Algorithm algorithm() {
            return Algorithms.named(method, options);
        }

        @Override
        public String toString() {
            Map<String, Object> changed = new HashMap<>(options.values());
            changed.entrySet().removeAll(OptionsForTests.usual().values().entrySet());
            return method + " on " + network + " in round " + round + " with " + changed;
        }
    }

    static Stream<Row> rows() {
        OptionsForTests usual = OptionsForTests.usual();
        List<Row> rows = new ArrayList<>();
        for (int steps : new int[] {1, 3}) {
            OptionsForTests options = usual.with(0.2, steps);
            for (String network : List.of("mlp-40-tanh", "normalised")) {
                for (String method :
                        List.of("maml", "fomaml", "anil", "meta-sgd", "maml-plus-plus", "reptile", "imaml")) {
                    rows.add(new Row(method, network, 0, options));
                }
            }
            for (String optimizer : List.of("momentum", "rmsprop", "adam")) {
                OptionsForTests moving = usual.with(0.02, steps).with("algorithm.inner-optimizer", optimizer);
                for (String method : List.of("maml", "meta-sgd", "fomaml", "reptile")) {
                    rows.add(new Row(method, "mlp-40-tanh", 0, moving));
                }
            }
            rows.add(new Row("anil", "mlp-40-tanh", 0, options.with("anil.adapt", List.of("0_*", "1_b"))));
            rows.add(new Row("proto-maml", "normalised", 0, options));
            rows.add(new Row("proto-maml", "normalised", 0, options.with("proto-maml.adapt", List.of("head"))));
            for (String method : List.of("maml", "anil", "meta-sgd", "maml-plus-plus", "reptile", "imaml")) {
                rows.add(new Row(method, "options", 0, options));
            }
        }
        rows.add(new Row("ridge-head", "options", 0, usual));
        rows.add(new Row("transfer", "options", 0, usual));
        OptionsForTests many = usual.with(0.1, 3).with("maml-plus-plus.anneal", 10);
        for (int round : new int[] {0, 5, 12}) {
            rows.add(new Row("maml-plus-plus", "mlp-40-tanh", round, many));
            rows.add(new Row("maml-plus-plus", "normalised", round, many));
        }
        rows.add(new Row("maml-plus-plus", "normalised", 5, many.with("maml-plus-plus.adapt-normalisation", true)));
        rows.add(new Row("maml-plus-plus", "mlp-40-tanh", 6, many.with("maml-plus-plus.first-order-until", 6)));
        rows.add(new Row("proto-net", "normalised", 0, usual));
        rows.add(new Row(
                "proto-net",
                "normalised",
                0,
                usual.with("proto-net.measure", "cosine").with("proto-net.scale", 10)));
        for (String batchNorm : List.of("query", "support-and-query")) {
            rows.add(new Row("relation-net", "maps " + batchNorm, 0, usual));
        }
        for (String network : List.of("mlp-40-tanh", "mlp-40-40")) {
            rows.add(new Row("hypernetwork", network, 0, usual));
        }
        rows.add(new Row("cnp", "mlp-40-tanh", 0, usual));
        for (String network : List.of(
                "mlp-40-tanh",
                "mlp-3-tanh",
                "two classes",
                "ordered rows",
                "two classes of ordered rows",
                "three classes of ordered rows",
                "rows with categories",
                "ordered rows with categories",
                "two classes with categories",
                "three classes with categories",
                "options",
                "normalised")) {
            rows.add(new Row("bayesian-linear", network, 0, usual));
        }
        rows.add(new Row("bayesian-linear", "ordered rows", 0, usual.with("bayesian-linear.order-kernel", false)));
        // Other methods do not read the indices.
        for (String method : List.of("maml", "reptile", "imaml", "cnp", "hypernetwork", "ridge-head")) {
            rows.add(new Row(method, "rows with categories", 0, usual.with(0.1, 2)));
        }
        for (String method : List.of("proto-maml", "proto-net", "logistic-head")) {
            rows.add(new Row(method, "three classes with categories", 0, usual.with(0.1, 2)));
        }
        for (String network : List.of("mlp-40-tanh", "mlp-3-tanh", "normalised")) {
            rows.add(new Row("ridge-head", network, 0, usual));
        }
        rows.add(new Row("logistic-head", "normalised", 0, usual));
        rows.add(new Row("logistic-head", "two classes", 0, usual));
        for (String solver : List.of("neumann", "identity")) {
            rows.add(new Row("imaml", "mlp-40-tanh", 0, usual.with(0.1, 2).with("imaml.solver", solver)));
        }
        rows.add(new Row("imaml", "mlp-40-tanh", 0, usual.with(0.1, 2).with("imaml.product", "difference")));
        rows.add(new Row(
                "reptile",
                "mlp-40-tanh",
                0,
                usual.with(0.01, 4)
                        .with("algorithm.inner-optimizer", "adam")
                        .with("reptile.batch", 2)
                        .with("reptile.carry-moments", true)));
        rows.add(new Row("transfer", "mlp-40-tanh", 0, usual));
        rows.add(new Row("random", "mlp-40-tanh", 0, usual));
        return rows.stream();
    }

    static Stream<Row> exact() {
        return rows().filter(row -> row.algorithm().claim() == Algorithm.Claim.EXACT);
    }

    @Test
    void everyMethodHasARow() {
        Set<String> entrants = new TreeSet<>();
        rows().forEach(row -> entrants.add(row.method()));
        assertThat(entrants).containsExactlyElementsOf(Algorithms.names());
    }

    /** Each array of θ, learned rates included, is moved along its own direction. */
    @ParameterizedTest
    @MethodSource("exact")
    void anExactContributionIsTheDerivativeOfTheObjective(Row row) {
        Setting setting = Setting.named(row.network());
        Algorithm algorithm = row.algorithm();
        Program train = algorithm.train(setting.model(), setting.layout());
        Map<String, double[]> inputs = setting.inputs(algorithm, row.round());
        Map<String, double[]> found = Setting.run(train, inputs);
        String objective = found.containsKey("objective") ? "objective" : "query_loss";
        double length = 0;
        for (String name : train.sums().names()) {
            length += dot(found.get(name), found.get(name));
        }
        for (Layout.Entry entry : train.sums().entries()) {
            double[] along =
                    Setting.normal("along " + entry.name(), entry.shape().size());
            double claimed = dot(along, found.get(entry.name()));
            double scale = Math.max(Math.abs(claimed), 1e-2 * Math.sqrt(length));
            double best = Double.POSITIVE_INFINITY;
            // Relu has kinks: a difference across one is worth nothing, and a wrong derivative agrees at no step.
            for (int i = 0; i < STEPS.length && best >= TOLERANCE; i++) {
                double h = STEPS[i];
                double ahead = Setting.run(train, moved(inputs, entry.name(), along, h))
                        .get(objective)[0];
                double below = Setting.run(train, moved(inputs, entry.name(), along, -h))
                        .get(objective)[0];
                best = Math.min(best, Math.abs((ahead - below) / (2 * h) - claimed) / scale);
            }
            assertThat(best).as(entry.name()).isLessThan(TOLERANCE);
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void allBackendsAgreeWithTheReferenceBackend(Row row) {
        Setting setting = Setting.named(row.network());
        Algorithm algorithm = row.algorithm();
        Map<String, double[]> inputs = setting.inputs(algorithm, row.round());
        for (Program program : List.of(
                algorithm.train(setting.model(), setting.layout()),
                algorithm.evaluate(setting.model(), setting.layout(), 4),
                algorithm.predict(setting.model(), setting.layout(), 2))) {
            Map<String, double[]> plain = Setting.run(program, inputs);
            for (String backend : List.of("vector", "scalar", "nd4j")) {
                Map<String, double[]> found = Runs.once(Backends.named(backend), Precision.DOUBLE, program, inputs);
                plain.forEach((name, numbers) -> assertThat(found.get(name))
                        .as(backend + " " + program.name() + " " + name)
                        .containsExactly(numbers, within(1e-7 * (1 + largest(numbers)))));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void programsHaveTheDocumentedInputsAndOutputs(Row row) {
        Setting setting = Setting.named(row.network());
        Algorithm algorithm = row.algorithm();
        Program train = algorithm.train(setting.model(), setting.layout());
        assertThat(train.broadcastInputs()).isEqualTo(algorithm.parameters(setting.model()));
        assertThat(train.sums()).isEqualTo(algorithm.parameters(setting.model()));
        assertThat(train.perTask().names()).startsWith("query_loss", "support_loss");
        int points = algorithm.inner().isPresent() ? 4 : 1;
        Program evaluate = algorithm.evaluate(setting.model(), setting.layout(), 3);
        assertThat(evaluate.taskInputs()).isEqualTo(setting.layout().arrays());
        assertThat(evaluate.perTask().shape("loss").size()).isEqualTo(points);
        Layout predicted =
                algorithm.predict(setting.model(), setting.layout(), 3).perTask();
        assertThat(predicted.names()).startsWith("prediction").isSubsetOf("prediction", "variance");
        assertThat(predicted.shape("prediction").dim(0)).isEqualTo(points);
        assertThat(predicted.shape("prediction").dim(1))
                .isEqualTo(setting.layout().query());
    }

    private static Map<String, double[]> moved(Map<String, double[]> inputs, String name, double[] along, double by) {
        Map<String, double[]> moved = new HashMap<>(inputs);
        moved.put(name, Setting.sum(inputs.get(name), along, by));
        return moved;
    }

    private static double dot(double[] a, double[] b) {
        double total = 0;
        for (int i = 0; i < a.length; i++) {
            total += a[i] * b[i];
        }
        return total;
    }

    private static double largest(double[] numbers) {
        double largest = 0;
        for (double number : numbers) {
            largest = Math.max(largest, Math.abs(number));
        }
        return largest;
    }
}
