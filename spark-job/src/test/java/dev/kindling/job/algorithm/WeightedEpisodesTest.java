package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every method on episodes with row weights: padding rows, integer weights as repeated rows, and empty support sets. */
class WeightedEpisodesTest {
    private static final EpisodeLayout POINTS = new EpisodeLayout(Shape.of(2), 0, 1, 5, 4);
    private static final EpisodeLayout CLASSES = new EpisodeLayout(Shape.of(2), 3, 3, 6, 6);
    private static final EpisodeLayout TWO_CLASSES = new EpisodeLayout(Shape.of(2), 2, 2, 6, 5);

    /** Methods whose outputs depend on the size of the weights, not only on their ratios. */
    private static final List<String> ABSOLUTE =
            List.of("hypernetwork", "bayesian-linear", "ridge-head", "logistic-head");

    /** A method with its tasks. */
    record Row(String method, EpisodeLayout layout, OptionsForTests options) {
        Algorithm algorithm() {
            return Algorithms.named(method, options);
        }

        Model model(EpisodeLayout shapes) {
            return ModelFactory.of(new ModelSettings("mlp-6-5-tanh", "fan-in-uniform", "query"), shapes);
        }

        @Override
        public String toString() {
            return method + " with " + layout.classes() + " classes and "
                    + options.values().get("algorithm.inner-steps") + " steps";
        }
    }

    static Stream<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (int steps : new int[] {1, 4}) {
            OptionsForTests options = OptionsForTests.usual().with(0.1, steps);
            for (EpisodeLayout layout : List.of(POINTS, CLASSES)) {
                for (String method : List.of(
                        "maml", "fomaml", "anil", "meta-sgd", "maml-plus-plus", "reptile", "imaml", "transfer")) {
                    rows.add(new Row(method, layout, options));
                }
            }
            rows.add(new Row("maml", POINTS, options.with("algorithm.inner-optimizer", "adam")));
            rows.add(new Row("proto-maml", CLASSES, options));
        }
        OptionsForTests usual = OptionsForTests.usual();
        rows.add(new Row("cnp", POINTS, usual));
        rows.add(new Row("hypernetwork", POINTS, usual));
        rows.add(new Row("proto-net", CLASSES, usual));
        rows.add(new Row("bayesian-linear", POINTS, usual));
        rows.add(new Row("bayesian-linear", POINTS, usual.with("bayesian-linear.features", 1)));
        rows.add(new Row("bayesian-linear", TWO_CLASSES, usual));
        rows.add(new Row("bayesian-linear", TWO_CLASSES, usual.with("bayesian-linear.features", 1)));
        for (EpisodeLayout layout : List.of(POINTS, TWO_CLASSES, CLASSES)) {
            rows.add(new Row("bayesian-linear", layout.orderedBy(OptionalInt.of(0)), usual));
            rows.add(new Row("bayesian-linear", layout.withCategories(List.of(3, 4)), usual));
        }
        rows.add(new Row("bayesian-linear", CLASSES, usual));
        rows.add(new Row("ridge-head", POINTS, usual));
        rows.add(new Row("ridge-head", CLASSES, usual));
        rows.add(new Row("logistic-head", CLASSES, usual));
        return rows.stream();
    }

    /** The outputs of a program in double precision. */
    private static Map<String, double[]> run(Program program, Map<String, double[]> inputs) {
        return Setting.run(program, inputs);
    }

    private static Map<String, double[]> inputs(Row row, Model model) {
        return Setting.of(model, row.layout()).inputs(row.algorithm(), 0);
    }

    /** An episode with rows of weight 0 and the given content after each set; the other rows have the given weight. */
    private static Map<String, double[]> padded(
            Map<String, double[]> inputs, EpisodeLayout layout, double weight, double fill) {
        Map<String, double[]> padded = new HashMap<>(inputs);
        EpisodeLayout larger = larger(layout);
        for (String name : layout.arrays().names()) {
            double[] array =
                    Arrays.copyOf(inputs.get(name), larger.arrays().shape(name).size());
            boolean label = layout.classification() && name.endsWith(".y");
            Arrays.fill(array, inputs.get(name).length, array.length, label ? 1 : fill);
            if (name.endsWith(".x")) {
                Setting.setIndices(layout, array);
            }
            padded.put(name, array);
        }
        padded.put(EpisodeLayout.SUPPORT_WEIGHTS, weights(layout.support(), larger.support(), weight));
        padded.put(EpisodeLayout.QUERY_WEIGHTS, weights(layout.query(), larger.query(), weight));
        return padded;
    }

    private static double[] weights(int examples, int all, double weight) {
        double[] weights = new double[all];
        Arrays.fill(weights, 0, examples, weight);
        return weights;
    }

    private static EpisodeLayout larger(EpisodeLayout layout) {
        return layout.withSizes(layout.support() + 3, layout.query() + 2);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void rowsOfWeightZeroAreAsIfAbsent(Row row) {
        Model model = row.model(row.layout());
        Map<String, double[]> inputs = inputs(row, model);
        EpisodeLayout weighted = larger(row.layout()).withWeights();
        Algorithm algorithm = row.algorithm();
        double weight = ABSOLUTE.contains(row.method()) ? 1 : 2.5;
        Map<String, double[]> with = padded(inputs, row.layout(), weight, 0);

        assertClose(run(algorithm.train(model, weighted), with), run(algorithm.train(model, row.layout()), inputs));
        assertClose(
                run(algorithm.evaluate(model, weighted, 2), with),
                run(algorithm.evaluate(model, row.layout(), 2), inputs));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void theContentOfRowsOfWeightZeroChangesNoBit(Row row) {
        Model model = row.model(row.layout());
        Map<String, double[]> inputs = inputs(row, model);
        Program train = row.algorithm().train(model, larger(row.layout()).withWeights());
        for (String backend : List.of("reference", "vector")) {
            Map<String, double[]> zeros = outputs(train, backend, padded(inputs, row.layout(), 1, 0));
            Map<String, double[]> others = outputs(train, backend, padded(inputs, row.layout(), 1, -7.25));
            zeros.forEach((name, array) -> assertThat(others.get(name)).as(name).containsExactly(array));
        }
    }

    private static Map<String, double[]> outputs(Program program, String backend, Map<String, double[]> inputs) {
        return Runs.once(Backends.named(backend), Precision.FLOAT, program, inputs);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void anEmptySupportSetGivesFiniteNumbers(Row row) {
        Model model = row.model(row.layout());
        Map<String, double[]> inputs = padded(inputs(row, model), row.layout(), 1, 0);
        EpisodeLayout weighted = larger(row.layout()).withWeights();
        inputs.put(EpisodeLayout.SUPPORT_WEIGHTS, new double[weighted.support()]);
        Algorithm algorithm = row.algorithm();
        run(algorithm.train(model, weighted), inputs)
                .forEach((name, array) -> assertThat(array).as(name).doesNotContain(Double.NaN));

        double[] losses = run(algorithm.evaluate(model, weighted, 2), inputs).get("loss");
        assertThat(losses).doesNotContain(Double.NaN);
        if (algorithm.steps() > 0 && !row.method().equals("proto-maml")) {
            assertThat(losses)
                    .as("without examples no step changes the prediction")
                    .containsOnly(losses[0]);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"maml", "proto-net", "proto-maml", "anil"})
    void batchNormIsRefused(String method) {
        EpisodeLayout layout = new EpisodeLayout(Shape.of(1, 2, 2), 3, 3, 6, 9).withWeights();
        Model model = ModelFactory.of(new ModelSettings("omniglot-fc", "fan-in-uniform", "running"), layout);
        Algorithm algorithm = Algorithms.named(method, OptionsForTests.usual());

        assertThatThrownBy(() -> algorithm.train(model, layout))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("batch norm")
                .hasMessageContaining("task.source = table");
    }

    private static void assertClose(Map<String, double[]> found, Map<String, double[]> expected) {
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, array) -> {
            for (int i = 0; i < array.length; i++) {
                assertThat(Math.abs(found.get(name)[i] - array[i]))
                        .as(name)
                        .isLessThanOrEqualTo(1e-12 * Math.max(1, Math.abs(array[i])));
            }
        });
    }
}
