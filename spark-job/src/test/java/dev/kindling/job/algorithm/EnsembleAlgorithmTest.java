package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.EnsembleLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The predictions of ensembles against arithmetic on those of their members. */
class EnsembleAlgorithmTest {
    private static final int MEMBERS = 3;
    private static final EpisodeLayout WEIGHTED = new EpisodeLayout(Shape.of(2), 0, 1, 5, 4).withWeights();

    private static Algorithm member(String name) {
        return Algorithms.named(name, OptionsForTests.usual().with(0.3, 2));
    }

    /** The inputs of one member: its arrays of θ under their own names. */
    private static Map<String, double[]> of(int member, Map<String, double[]> inputs) {
        Map<String, double[]> own = new HashMap<>(inputs);
        inputs.forEach((name, array) -> {
            String plain = EnsembleLayout.memberArray(name);
            if (EnsembleLayout.name(member, plain).equals(name)) {
                own.put(plain, array);
            }
        });
        return own;
    }

    private static Map<String, double[]> predicted(Setting setting, Algorithm algorithm, Map<String, double[]> inputs) {
        return Setting.run(algorithm.predict(setting.model(), setting.layout(), 2), inputs);
    }

    @Test
    void aRegressionPredictsTheMeanAndTheVarianceOfTheMixture() {
        Setting setting = Setting.of(
                ModelFactory.of(new ModelSettings("mlp-5-tanh", "fan-in-uniform", "query"), WEIGHTED), WEIGHTED);
        setting.inputs().put(EpisodeLayout.SUPPORT_WEIGHTS, new double[] {1, 1, 2, 1, 0});
        setting.inputs().put(EpisodeLayout.QUERY_WEIGHTS, new double[] {1, 3, 1, 0});
        Algorithm ensemble = EnsembleAlgorithm.of(member("bayesian-linear"), MEMBERS);
        Map<String, double[]> inputs = setting.inputs(ensemble, 0);
        for (int member = 0; member < MEMBERS; member++) {
            int shift = member;
            inputs.computeIfPresent(
                    EnsembleLayout.name(member, "bayesian-linear.beta"),
                    (name, beta) ->
                            Arrays.stream(beta).map(each -> each + shift).toArray());
            inputs.computeIfPresent(EnsembleLayout.name(member, "bayesian-linear.log-noise"), (name, noise) ->
                    new double[] {noise[0] + 0.2 * shift});
        }
        Map<String, double[]> all = predicted(setting, ensemble, inputs);
        double[][] means = new double[MEMBERS][];
        double[][] variances = new double[MEMBERS][];
        for (int member = 0; member < MEMBERS; member++) {
            Map<String, double[]> own = predicted(setting, member("bayesian-linear"), of(member, inputs));
            means[member] = own.get("prediction");
            variances[member] = own.get("variance");
        }
        double[] y = setting.inputs().get(EpisodeLayout.QUERY_Y);
        double[] weights = setting.inputs().get(EpisodeLayout.QUERY_WEIGHTS);
        double loss = 0;
        for (int query = 0; query < 4; query++) {
            int at = query;
            double mean =
                    Arrays.stream(means).mapToDouble(each -> each[at]).average().orElseThrow();
            double variance = Arrays.stream(variances)
                    .mapToDouble(each -> each[at])
                    .average()
                    .orElseThrow();
            double spread = Arrays.stream(means)
                    .mapToDouble(each -> (each[at] - mean) * (each[at] - mean))
                    .average()
                    .orElseThrow();
            assertThat(spread).isGreaterThan(1e-6);
            assertThat(all.get("prediction")[query]).isCloseTo(mean, within(1e-12));
            assertThat(all.get("variance")[query]).isCloseTo(variance + spread, within(1e-12));
            loss += weights[query] / 5 * (mean - y[query]) * (mean - y[query]);
        }
        Map<String, double[]> scores = Setting.run(ensemble.evaluate(setting.model(), setting.layout(), 0), inputs);
        assertThat(scores.get("loss")).hasSize(1);
        assertThat(scores.get("loss")[0]).isCloseTo(loss, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({"maml, 3", "proto-net, 1"})
    void aClassificationPredictsTheLogarithmOfTheMeanProbabilityAfterEachStep(String name, int steps) {
        Setting setting = Setting.named("two classes");
        Algorithm ensemble = EnsembleAlgorithm.of(member(name), MEMBERS);
        Map<String, double[]> inputs = setting.inputs(ensemble, 0);
        double[] all = predicted(setting, ensemble, inputs).get("prediction");
        double[][] logits = new double[MEMBERS][];
        for (int member = 0; member < MEMBERS; member++) {
            logits[member] =
                    predicted(setting, member(name), of(member, inputs)).get("prediction");
        }
        double[] y = setting.inputs().get(EpisodeLayout.QUERY_Y);
        Map<String, double[]> scores = Setting.run(ensemble.evaluate(setting.model(), setting.layout(), 2), inputs);
        assertThat(all).hasSize(steps * 4 * 2);
        for (int step = 0; step < steps; step++) {
            double loss = 0;
            double right = 0;
            for (int query = 0; query < 4; query++) {
                int at = (step * 4 + query) * 2;
                double second = Arrays.stream(logits)
                        .mapToDouble(each -> 1 / (1 + Math.exp(each[at] - each[at + 1])))
                        .average()
                        .orElseThrow();
                assertThat(all[at]).isCloseTo(Math.log(1 - second), within(1e-10));
                assertThat(all[at + 1]).isCloseTo(Math.log(second), within(1e-10));
                loss -= Math.log(y[query] == 1 ? second : 1 - second) / 4;
                right += (second > 0.5) == (y[query] == 1) ? 0.25 : 0;
            }
            assertThat(scores.get("loss")[step]).isCloseTo(loss, within(1e-10));
            assertThat(scores.get("accuracy")[step]).isEqualTo(right);
        }
    }

    @Test
    void probabilitiesThatAreAlmostZeroHaveAFiniteLogarithm() {
        Setting setting = Setting.named("two classes");
        Algorithm sharp = Algorithms.named("proto-net", OptionsForTests.usual().with("proto-net.scale", 1e5));
        Algorithm ensemble = EnsembleAlgorithm.of(sharp, MEMBERS);
        Map<String, double[]> inputs = setting.inputs(ensemble, 0);
        assertThat(Arrays.stream(predicted(setting, ensemble, inputs).get("prediction")))
                .allMatch(Double::isFinite)
                .anyMatch(each -> each < -800);
    }

    @Test
    void eachMemberStartsFromItsOwnSeed() {
        Setting setting = Setting.named("mlp-5-tanh");
        Algorithm ensemble = EnsembleAlgorithm.of(member("maml"), MEMBERS);
        Layout layout = member("maml").parameters(setting.model());
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, MEMBERS * layout.size());
        ensemble.initialise(setting.model(), 9, theta);
        for (int member = 0; member < MEMBERS; member++) {
            FlatVector own = FlatVector.zeros(Precision.DOUBLE, layout.size());
            member("maml").initialise(setting.model(), ensemble.memberSeed(9, member), own);
            assertThat(EnsembleLayout.part(theta, member, MEMBERS)).isEqualTo(own);
        }
        assertThat(IntStream.range(0, MEMBERS).mapToObj(member -> EnsembleLayout.part(theta, member, MEMBERS)))
                .doesNotHaveDuplicates();
    }

    @Test
    void oneMemberIsTheMethodItself() {
        Algorithm maml = member("maml");
        assertThat(EnsembleAlgorithm.of(maml, 1)).isSameAs(maml);
    }

    @ParameterizedTest
    @CsvSource({
        "relation-net, 0, whose predictions are neither means nor logits",
        "random, 0, whose parameters no meta-optimizer updates",
        "reptile, 2, that computes a contribution from 2 tasks"
    })
    void methodsThatCannotBeMembersAreRefused(String name, int islands, String reason) {
        Algorithm method = Algorithms.named(name, OptionsForTests.usual().with("reptile.islands", islands));
        assertThatThrownBy(() -> EnsembleAlgorithm.of(method, 2).tasksPerContribution(4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("run.members is 2; it must be 1 with algorithm.name = " + name + ", " + reason);
    }
}
