package dev.kindling.driver.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.plan.PlanSettings;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Adapting and predicting apart give what the program does that evaluations run, for each method and mode of batch norm. */
class PredictorTest {
    private static final int STEPS = 3;
    private static final int SUPPORT = 5;
    private static final int QUERIES = 4;

    @TestFactory
    Stream<DynamicTest> adaptingAndPredictingApartIsPredictingAtOnce() {
        Stream<Map<String, Object>> methods = Stream.of(
                        "maml",
                        "fomaml",
                        "anil",
                        "meta-sgd",
                        "maml-plus-plus",
                        "imaml",
                        "reptile",
                        "transfer",
                        "random",
                        "hypernetwork",
                        "cnp")
                .map(name -> Map.of("algorithm.name", name));
        Stream<Map<String, Object>> more = Stream.of(
                Map.of("algorithm.name", "maml", "algorithm.inner-optimizer", "adam"),
                Map.of("algorithm.name", "reptile", "reptile.batch", 2),
                Map.of("algorithm.name", "maml-plus-plus", "maml-plus-plus.adapt-normalisation", true),
                Map.of("algorithm.name", "maml", "model.batch-norm", "support-and-query"),
                Map.of("algorithm.name", "maml", "model.batch-norm", "support-and-one"),
                Map.of("algorithm.name", "maml", "model.batch-norm", "running"));
        return Stream.concat(methods, more).map(keys -> DynamicTest.dynamicTest(keys.toString(), () -> holds(keys)));
    }

    private static void holds(Map<String, Object> method) {
        Map<String, Object> keys = new HashMap<>(method);
        keys.put("backend.precision", "double");
        keys.put("evaluation.steps", STEPS);
        keys.put("algorithm.inner-learning-rate", 0.05);
        boolean plain = List.of("hypernetwork", "cnp").contains(String.valueOf(keys.get("algorithm.name")));
        keys.put("model.network", plain ? "mlp-8-6-tanh" : "dense-8-tanh, batch-norm, dense-6-tanh");
        ResolvedRun run = ResolvedRun.here(JobConfig.reference().withChecked(keys));
        PlanSettings settings = run.settings().plan();
        FlatVector theta = run.plan().untrained(5, run.source());
        RandomStream stream = RandomStream.of(9);
        for (int i = 0; i < theta.size(); i++) {
            theta.set(i, theta.at(i) + stream.nextDouble(-0.1, 0.1));
        }
        double[] x = numbers(stream, SUPPORT);
        double[] y = numbers(stream, SUPPORT);
        double[] queries = numbers(stream, QUERIES);

        EpisodeLayout layout = new EpisodeLayout(run.episode().features(), 0, 1, SUPPORT, QUERIES);
        PooledProgram atOnce =
                new PooledProgram(Backends.named(settings.backend().name())
                        .compile(
                                settings.algorithm().predict(ModelFactory.of(settings.model(), layout), layout, STEPS),
                                settings.backend().options()));
        double[] curve = atOnce.perTask(theta, x, y, queries, new double[QUERIES]);
        double[] expected = Arrays.copyOfRange(curve, curve.length - QUERIES, curve.length);

        Predictor predictor = new Predictor(settings, run.plan().parameters(), theta, run.episode(), STEPS);
        double[] apart = predictor.adapt(x, y).predict(queries);
        for (int i = 0; i < QUERIES; i++) {
            assertThat(apart[i]).isCloseTo(expected[i], within(1e-12));
        }
    }

    private static double[] numbers(RandomStream stream, int count) {
        double[] numbers = new double[count];
        Arrays.setAll(numbers, i -> stream.nextDouble(-2, 2));
        return numbers;
    }
}
