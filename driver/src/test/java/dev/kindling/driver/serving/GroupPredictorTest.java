package dev.kindling.driver.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.plan.PlanSettings;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class GroupPredictorTest {
    private static final int FEATURES = 5;
    private static final int STEPS = 2;
    private static final int MOST_SUPPORT = 40;

    /** The rows of a group. */
    private record Group(float[][] supportX, float[] supportY, float[] weights, float[][] queryX) {
        static Group drawn(RandomStream stream, int supports, int queries, int classes) {
            float[] y = new float[supports];
            float[] weights = new float[supports];
            for (int i = 0; i < supports; i++) {
                y[i] = classes == 0 ? (float) stream.nextNormal() : i < classes ? i : stream.nextInt(classes);
                weights[i] = (float) stream.nextDouble(0.5, 2);
            }
            return new Group(rows(stream, supports), y, weights, rows(stream, queries));
        }

        private static float[][] rows(RandomStream stream, int count) {
            float[][] rows = new float[count][FEATURES];
            for (float[] row : rows) {
                for (int i = 0; i < FEATURES; i++) {
                    row[i] = (float) stream.nextNormal();
                }
            }
            return rows;
        }

        void addTo(GroupBatch batch) {
            batch.begin();
            for (int i = 0; i < supportX.length; i++) {
                batch.addSupport(supportX[i], supportY[i], weights[i]);
            }
            for (float[] query : queryX) {
                var unused = batch.addQuery(query);
            }
        }
    }

    /** A trained model: parameters near their initial values. */
    private record Trained(PlanSettings settings, FlatVector theta, EpisodeLayout template) {
        static Trained of(int classes, Map<String, Object> keys) {
            PlanSettings settings = SettingsReader.read(JobConfig.reference().withChecked(keys), new Configuration())
                    .plan();
            EpisodeLayout template =
                    new EpisodeLayout(Shape.of(FEATURES), classes, Math.max(1, classes), 1, 1).withWeights();
            Algorithm algorithm = settings.algorithm();
            Model model = ModelFactory.of(settings.model(), template);
            FlatVector theta = FlatVector.zeros(
                    settings.backend().options().precision(),
                    algorithm.parameters(model).size());
            algorithm.initialise(model, 3, theta);
            RandomStream stream = RandomStream.of(9);
            for (int i = 0; i < theta.size(); i++) {
                theta.set(i, theta.at(i) + stream.nextDouble(-0.1, 0.1));
            }
            return new Trained(settings, theta, template);
        }

        boolean hasInnerSteps() {
            return settings.algorithm().inner().isPresent();
        }

        PredictionPrograms programs() {
            return PredictionPrograms.of(settings, theta, template, STEPS, MOST_SUPPORT);
        }

        /** The outputs of the program for exactly the group's sizes, then the variances. */
        double[] exact(Group group) {
            int supports = Math.max(1, group.supportX().length);
            EpisodeLayout layout = template.withSizes(supports, group.queryX().length);
            PooledProgram program = new PooledProgram(Backends.named(
                            settings.backend().name())
                    .compile(
                            settings.algorithm().predict(ModelFactory.of(settings.model(), layout), layout, STEPS),
                            settings.backend().options()));
            double[] weights = new double[group.queryX().length];
            Arrays.fill(weights, 1);
            double[] results = program.perTask(
                    theta,
                    Arrays.copyOf(flat(group.supportX()), supports * FEATURES),
                    Arrays.copyOf(doubles(group.supportY()), supports),
                    flat(group.queryX()),
                    new double[group.queryX().length],
                    Arrays.copyOf(doubles(group.weights()), supports),
                    weights);
            Layout names = program.perTaskLayout();
            double[] outputs = last(results, names, "prediction");
            return names.has("variance") ? concat(outputs, last(results, names, "variance")) : outputs;
        }

        private static double[] last(double[] results, Layout names, String output) {
            int size = names.shape(output).size();
            int end = names.offset(output) + size;
            return Arrays.copyOfRange(results, end - size / names.shape(output).dim(0), end);
        }
    }

    private static double[] concat(double[] first, double[] second) {
        double[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static double[] flat(float[][] rows) {
        double[] numbers = new double[rows.length * FEATURES];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = rows[i / FEATURES][i % FEATURES];
        }
        return numbers;
    }

    private static double[] doubles(float[] numbers) {
        double[] doubles = new double[numbers.length];
        Arrays.setAll(doubles, i -> numbers[i]);
        return doubles;
    }

    private static Map<String, Object> keys(String method, Object... more) {
        Map<String, Object> keys = new HashMap<>(Map.of(
                "algorithm.name", method, "model.network", "mlp-12-12-tanh", "algorithm.inner-learning-rate", 0.05));
        for (int i = 0; i < more.length; i += 2) {
            keys.put((String) more[i], more[i + 1]);
        }
        return keys;
    }

    @TestFactory
    Stream<DynamicTest> predictionsOfABatchAreThoseOfEachGroupAlone() {
        Stream<DynamicTest> regression = Stream.of(
                        keys("bayesian-linear", "bayesian-linear.features", 6),
                        keys("bayesian-linear", "bayesian-linear.features", 6, "backend.precision", "double"),
                        keys("bayesian-linear", "bayesian-linear.features", 6, "backend.name", "scalar"),
                        keys("ridge-head"),
                        keys("maml"),
                        keys("anil"),
                        keys("meta-sgd"),
                        keys("reptile"),
                        keys("cnp"),
                        keys("hypernetwork"))
                .map(each -> DynamicTest.dynamicTest("regression " + each, () -> equalsExactSizes(0, each)));
        Stream<DynamicTest> classes = Stream.of("maml", "proto-net", "logistic-head", "ridge-head")
                .map(method -> DynamicTest.dynamicTest("classes " + method, () -> equalsExactSizes(3, keys(method))));
        Stream<DynamicTest> two = Stream.of("bayesian-linear")
                .map(method ->
                        DynamicTest.dynamicTest("two classes " + method, () -> equalsExactSizes(2, keys(method))));
        return Stream.of(regression, classes, two).flatMap(each -> each);
    }

    private static void equalsExactSizes(int classes, Map<String, Object> keys) {
        Trained trained = Trained.of(classes, keys);
        GroupPredictor predictor = trained.programs().open();
        RandomStream stream = RandomStream.of(4);
        List<Group> groups = new ArrayList<>();
        int least = classes == 0 ? 0 : classes;
        for (int[] sizes : new int[][] {{least, 3}, {4, 7}, {5, 1}, {17, 2}, {5, 0}, {40, 4}, {4, 7}, {6, 300}}) {
            groups.add(Group.drawn(stream, Math.max(least, sizes[0]), sizes[1], classes));
        }
        GroupBatch batch = new GroupBatch(FEATURES);
        for (int repetition = 0; repetition < 2; repetition++) {
            batch.clear();
            groups.forEach(group -> group.addTo(batch));
            Prediction predicted = predictor.predict(batch);
            assertThat(predicted.variances().isPresent()).isEqualTo(predictor.predictsVariances());
            int outputs = predictor.outputs();
            int at = 0;
            for (Group group : groups) {
                int queries = group.queryX().length;
                double[] exact = queries == 0 ? new double[0] : trained.exact(group);
                double[] found = Arrays.copyOfRange(predicted.outputs(), at * outputs, (at + queries) * outputs);
                int first = at;
                double[] all = predicted
                        .variances()
                        .map(variances -> concat(found, Arrays.copyOfRange(variances, first, first + queries)))
                        .orElse(found);
                // Products of inner steps are ordered by their cost, which depends on the sizes.
                assertThat(all)
                        .as("%d support rows, %d queries", group.supportX().length, queries)
                        .containsExactly(exact, within(trained.hasInnerSteps() ? 1e-5 : 0));
                at += queries;
            }
        }
    }

    @Test
    void aGroupGoesOnInTheNextBatchWithItsSupportRows() {
        Trained trained = Trained.of(0, keys("bayesian-linear"));
        GroupPredictor predictor = trained.programs().open();
        RandomStream stream = RandomStream.of(4);
        Group before = Group.drawn(stream, 3, 2, 0);
        Group group = Group.drawn(stream, 6, 4, 0);
        GroupBatch batch = new GroupBatch(FEATURES);
        before.addTo(batch);
        group.addTo(batch);
        double[] expected = Arrays.copyOfRange(predictor.predict(batch).outputs(), 2, 6);
        batch.retainLastSupport();
        assertThat(batch.groups()).isEqualTo(1);
        assertThat(batch.queries()).isZero();
        for (float[] query : group.queryX()) {
            var unused = batch.addQuery(query);
        }
        assertThat(predictor.predict(batch).outputs()).isEqualTo(expected);
    }

    @Test
    void aSupportSetThatIsTooLargeIsRefused() {
        Trained trained = Trained.of(0, keys("ridge-head"));
        GroupBatch batch = new GroupBatch(FEATURES);
        Group.drawn(RandomStream.of(4), MOST_SUPPORT + 1, 1, 0).addTo(batch);
        GroupPredictor predictor = trained.programs().open();
        assertThatThrownBy(() -> predictor.predict(batch))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a group has 41 support rows; it must have at most 40");
    }
}
