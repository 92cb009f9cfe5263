package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.vector.VectorBackend;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares Reptile's islands with consecutive rounds of Reptile without islands. */
class LocalOuterStepsTest {
    private static final OptionsForTests REPTILE = OptionsForTests.usual().with(0.05, 3);

    /**
     * The configuration of an island.
     *
     * @param rate of its steps
     * @param tasks of a step
     */
    record Row(String network, OptionsForTests options, int steps, int tasks, double rate) {
        Algorithm islands() {
            return Algorithms.named(
                    "reptile",
                    options.with("reptile.islands", 2)
                            .with("reptile.island-steps", steps)
                            .with("reptile.island-rate", rate));
        }

        Algorithm single() {
            return Algorithms.named("reptile", options);
        }
    }

    static Stream<Row> rows() {
        OptionsForTests batches = REPTILE.with("reptile.batch", 2);
        OptionsForTests carrying =
                batches.with("algorithm.inner-optimizer", "adam").with("reptile.carry-moments", true);
        return Stream.of(
                new Row("mlp-40-tanh", REPTILE, 3, 2, 0.3),
                new Row("mlp-40-tanh", REPTILE.with(0.05, 1), 2, 1, 1),
                new Row("mlp-40-tanh", batches, 1, 4, 0.5),
                new Row("mlp-40-tanh", REPTILE.with(0.05, 2), 1, 1, 0.5),
                new Row("mlp-40-tanh", carrying, 2, 3, 0.4),
                new Row("maps running", REPTILE, 2, 2, 0.6));
    }

    /** The arrays of one of the stacked episodes. */
    private static Map<String, double[]> episode(EpisodeLayout layout, Map<String, double[]> together, int place) {
        Map<String, double[]> one = new HashMap<>();
        for (Layout.Entry entry : layout.arrays().entries()) {
            int size = entry.shape().size();
            one.put(entry.name(), Arrays.copyOfRange(together.get(entry.name()), place * size, (place + 1) * size));
        }
        return one;
    }

    @ParameterizedTest
    @MethodSource("rows")
    void anIslandEqualsConsecutiveRounds(Row row) {
        Setting single = Setting.named(row.network());
        Algorithm reptile = row.single();
        EpisodeLayout layout = single.layout().together(row.steps() * row.tasks());
        Setting setting = Setting.of(single.model(), layout);
        Map<String, double[]> inputs = setting.inputs(reptile, 0);
        Program ofOne = reptile.train(single.model(), single.layout());

        Map<String, Double> followers = reptile.runningStatistics(single.model());
        Map<String, double[]> moved = new HashMap<>(inputs);
        Map<String, double[]> reported = new HashMap<>();
        double loss = 0;
        for (int step = 0; step < row.steps(); step++) {
            Map<String, double[]> next = new HashMap<>(moved);
            for (int task = 0; task < row.tasks(); task++) {
                Map<String, double[]> all = new HashMap<>(moved);
                all.putAll(episode(single.layout(), inputs, step * row.tasks() + task));
                Map<String, double[]> found = Setting.run(ofOne, all);
                for (String name : ofOne.sums().names()) {
                    double[] contribution = found.get(name);
                    if (followers.containsKey(name)) {
                        reported.merge(name, contribution, (a, b) -> Setting.sum(a, b, 1));
                    } else {
                        next.merge(name, contribution, (a, b) -> Setting.sum(a, b, -row.rate() / row.tasks()));
                    }
                }
                loss += found.get("query_loss")[0] / (row.steps() * row.tasks());
            }
            moved = next;
        }

        Program train = row.islands().train(single.model(), layout);
        for (Map<String, double[]> found : Stream.of(
                        Setting.run(train, inputs), Runs.once(new VectorBackend(), Precision.DOUBLE, train, inputs))
                .toList()) {
            for (String name : ofOne.sums().names()) {
                double[] expected = followers.containsKey(name)
                        ? Setting.sum(
                                new double[reported.get(name).length],
                                reported.get(name),
                                1.0 / (row.steps() * row.tasks()))
                        : Setting.sum(inputs.get(name), moved.get(name), -1);
                assertThat(found.get(name)).as(name).containsExactly(expected, within(1e-11));
            }
            assertThat(found.get("query_loss")).containsExactly(new double[] {loss}, within(1e-11));
        }
        assertThat(train.perTask().names()).isEqualTo(ofOne.perTask().names());
    }

    @Test
    void theContributionOfAnIslandToAnOptimizerIsScaledLikeThatOfATask() {
        Row row = new Row("mlp-40-tanh", REPTILE.with("reptile.step", "optimizer"), 1, 1, 1);
        Setting setting = Setting.named(row.network());
        Map<String, double[]> inputs = setting.inputs(row.single(), 0);
        Map<String, double[]> task = Setting.run(row.single().train(setting.model(), setting.layout()), inputs);
        Map<String, double[]> island = Setting.run(row.islands().train(setting.model(), setting.layout()), inputs);
        setting.theta()
                .keySet()
                .forEach(name -> assertThat(island.get(name)).containsExactly(task.get(name), within(1e-11)));
    }

    @Test
    void aRoundThatCannotBeDividedIsRefused() {
        Algorithm islands = new Row("mlp-40-tanh", REPTILE, 3, 1, 1).islands();
        assertThat(islands.tasksPerContribution(12)).isEqualTo(6);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> islands.tasksPerContribution(8))
                .withMessage("task.meta-batch-size is 8, but reptile.islands is 2 and reptile.island-steps is 3; "
                        + "it must be a multiple of 6");
        assertThat(new Row("mlp-40-tanh", REPTILE, 1, 1, 1).single().tasksPerContribution(7))
                .isEqualTo(1);
    }

    @Test
    void wrongSettingsAreRefused() {
        OptionsForTests options = REPTILE.with("reptile.islands", 2);
        refused(REPTILE.with("reptile.islands", -1), "reptile.islands is -1; it must be at least 0");
        refused(options.with("reptile.island-steps", 0), "reptile.island-steps is 0; it must be at least 1");
        refused(options.with("reptile.island-rate", 0), "reptile.island-rate is 0.0; it must be above 0");
    }

    private static void refused(OptionsForTests options, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Algorithms.named("reptile", options))
                .withMessage(message);
    }
}
