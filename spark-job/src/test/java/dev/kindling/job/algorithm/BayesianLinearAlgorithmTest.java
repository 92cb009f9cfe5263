package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.program.Program;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** The start of the Bayesian linear head, which is a linear mixed model of the training tasks. */
class BayesianLinearAlgorithmTest {
    private static final EpisodeLayout LINES = new EpisodeLayout(Shape.of(1), 0, 1, 4, 3).withWeights();

    /** Lines y = 2 + 3 x + a + b x + noise with a ~ N(0, 1), b ~ N(0, 0.25) and noise of variance 0.01. */
    private static final class Lines implements TaskSource {
        @Override
        public EpisodeLayout layout(Split split) {
            return LINES;
        }

        @Override
        public TaskSpec sample(TaskKey key) {
            return new TaskSpec(key.split(), key.round(), key.index(), key.taskSeed(), new int[0]);
        }

        @Override
        public void materialise(TaskSpec spec, FlatVector target, int offset) {
            RandomStream stream = RandomStream.of(spec.seed());
            double intercept = 2 + stream.nextNormal();
            double slope = 3 + 0.5 * stream.nextNormal();
            Layout arrays = LINES.arrays();
            for (String set : new String[] {"support", "query"}) {
                for (int i = 0; i < arrays.shape(set + ".y").dim(0); i++) {
                    double x = stream.nextNormal();
                    target.set(offset + arrays.offset(set + ".x") + i, x);
                    target.set(
                            offset + arrays.offset(set + ".y") + i, intercept + slope * x + 0.1 * stream.nextNormal());
                    target.set(offset + arrays.offset(set + ".w") + i, 1);
                }
            }
        }

        @Override
        public String dataHash() {
            return "generated";
        }
    }

    private static Algorithm algorithm() {
        return Algorithms.named("bayesian-linear", OptionsForTests.usual());
    }

    private static Model model(EpisodeLayout layout) {
        return ModelFactory.of(new ModelSettings("mlp-5-tanh", "fan-in-uniform", "query"), layout);
    }

    private static FlatVector start(Model model) {
        Algorithm algorithm = algorithm();
        FlatVector theta =
                FlatVector.zeros(Precision.DOUBLE, algorithm.parameters(model).size());
        algorithm.initialise(model, 5, theta);
        algorithm.fitInitial(model, new Lines(), 5, theta);
        return theta;
    }

    @Test
    void theStartHasThePriorOfTheTasks() {
        Model model = model(LINES);
        FlatVector theta = start(model);
        Layout layout = algorithm().parameters(model);
        int beta = layout.offset("bayesian-linear.beta");
        assertThat(theta.at(beta)).isCloseTo(2, within(0.1));
        assertThat(theta.at(beta + 1)).isCloseTo(3, within(0.05));
        int factor = layout.offset("bayesian-linear.L");
        int width = layout.shape("bayesian-linear.L").dim(0);
        assertThat(theta.at(factor)).as("deviation of intercepts").isCloseTo(1, within(0.05));
        double slope = Math.hypot(theta.at(factor + width), theta.at(factor + width + 1));
        assertThat(slope).as("deviation of slopes").isCloseTo(0.5, within(0.03));
        assertThat(Math.exp(2 * theta.at(layout.offset("bayesian-linear.log-noise"))))
                .isCloseTo(0.01, within(0.001));
    }

    /** Each task has one row of class 1 and weight 3 and one of class 0 and weight 1. */
    @Test
    void theFractionOfAClassIsWeighted() {
        EpisodeLayout layout = new EpisodeLayout(Shape.of(1), 2, 2, 1, 1).withWeights();
        TaskSource source = new TaskSource() {
            @Override
            public EpisodeLayout layout(Split split) {
                return layout;
            }

            @Override
            public TaskSpec sample(TaskKey key) {
                return new TaskSpec(key.split(), key.round(), key.index(), key.taskSeed(), new int[0]);
            }

            @Override
            public void materialise(TaskSpec spec, FlatVector target, int offset) {
                target.set(offset + layout.arrays().offset("support.y"), 1);
                target.set(offset + layout.arrays().offset("support.w"), 3);
                target.set(offset + layout.arrays().offset("query.w"), 1);
            }

            @Override
            public String dataHash() {
                return "generated";
            }
        };
        TrainingRows.Indicators indicators = TrainingRows.of(source, 1, 2).indicators(1);

        assertThat(indicators.fraction()).isCloseTo(0.75, within(1e-12));
        double[] logits = indicators.rows().groups().get(0).y();
        assertThat(logits[0]).isCloseTo(Math.sqrt(3) * 0.25 / 0.22, within(1e-12));
        assertThat(logits[1]).isCloseTo(-0.75 / 0.22, within(1e-12));
    }

    @Test
    void theStartOfTheProcessInTheOrderIsAFifthOfTheNoiseAndTheKernelCanBeSwitchedOff() {
        EpisodeLayout ordered = LINES.orderedBy(OptionalInt.of(0));
        Model model = model(ordered);
        FlatVector theta = start(model);
        Layout layout = algorithm().parameters(model);
        double logNoise = theta.at(layout.offset("bayesian-linear.log-noise"));
        assertThat(theta.at(layout.offset("bayesian-linear.log-order-deviation")))
                .isCloseTo(logNoise + Math.log(0.2), within(1e-12));
        assertThat(theta.at(layout.offset("bayesian-linear.log-order-rate"))).isZero();
        Algorithm without = Algorithms.named(
                "bayesian-linear", OptionsForTests.usual().with("bayesian-linear.order-kernel", false));
        assertThat(without.parameters(model)).isEqualTo(algorithm().parameters(model(LINES)));
    }

    /** Classes of 60, 30 and 10% of the rows, whatever x; without features every task is predicted by these shares. */
    @Test
    void theStartOfThreeClassesPredictsTheirShares() {
        EpisodeLayout layout = new EpisodeLayout(Shape.of(1), 3, 3, 10, 10).withWeights();
        double[] labels = {0, 1, 0, 2, 0, 1, 0, 0, 1, 0};
        TaskSource source = new TaskSource() {
            @Override
            public EpisodeLayout layout(Split split) {
                return layout;
            }

            @Override
            public TaskSpec sample(TaskKey key) {
                return new TaskSpec(key.split(), key.round(), key.index(), key.taskSeed(), new int[0]);
            }

            @Override
            public void materialise(TaskSpec spec, FlatVector target, int offset) {
                RandomStream stream = RandomStream.of(spec.seed());
                for (String set : List.of("support", "query")) {
                    for (int i = 0; i < labels.length; i++) {
                        target.set(offset + layout.arrays().offset(set + ".x") + i, stream.nextNormal());
                        target.set(offset + layout.arrays().offset(set + ".y") + i, labels[i]);
                        target.set(offset + layout.arrays().offset(set + ".w") + i, 1);
                    }
                }
            }

            @Override
            public String dataHash() {
                return "generated";
            }
        };
        Model model = model(layout);
        FlatVector theta =
                FlatVector.zeros(Precision.DOUBLE, algorithm().parameters(model).size());
        algorithm().initialise(model, 5, theta);
        algorithm().fitInitial(model, source, 5, theta);
        Layout arrays = algorithm().parameters(model);
        assertThat(arrays.shape("bayesian-linear.beta")).isEqualTo(Shape.of(2, 3));
        int beta = arrays.offset("bayesian-linear.beta");
        for (int way = 0; way < 3; way++) {
            assertThat(theta.at(beta + way)).isCloseTo(Math.log(new double[] {0.6, 0.3, 0.1}[way]), within(0.01));
            assertThat(theta.at(beta + 3 + way)).isCloseTo(0, within(0.05));
        }
    }

    /** With the features' part of the prior at 0 the head is the mixed model; its predictions are compared with the formula. */
    @Test
    void withoutFeaturesThePredictionIsThatOfTheMixedModel() {
        Model model = model(LINES);
        FlatVector theta = start(model);
        Layout layout = algorithm().parameters(model);
        int width = layout.shape("bayesian-linear.L").dim(0);
        for (int i = 2; i < width; i++) {
            theta.set(layout.offset("bayesian-linear.L") + i * width + i, 0);
        }
        double noise = Math.exp(2 * theta.at(layout.offset("bayesian-linear.log-noise"))) + 1e-4;
        Lines source = new Lines();
        TaskSpec spec = source.sample(new TaskKey(1, Split.TEST, 0, 0));
        FlatVector episode = FlatVector.zeros(Precision.DOUBLE, LINES.arrays().size());
        source.materialise(spec, episode, 0);
        Map<String, double[]> inputs = new HashMap<>();
        put(inputs, layout, theta);
        put(inputs, LINES.arrays(), episode);

        Program predict = algorithm().predict(model, LINES, 0);
        Map<String, double[]> found = Runs.once(new ReferenceBackend(), Precision.DOUBLE, predict, inputs);

        int beta = layout.offset("bayesian-linear.beta");
        int factor = layout.offset("bayesian-linear.L");
        double[] mean = {theta.at(beta), theta.at(beta + 1)};
        double p = theta.at(factor);
        double q = theta.at(factor + width);
        double r = theta.at(factor + width + 1);
        double[][] covariance = {{p * p, p * q}, {p * q, q * q + r * r}};
        Posterior expected = Posterior.of(inputs, mean, covariance, noise);
        for (int i = 0; i < LINES.query(); i++) {
            double x = inputs.get("query.x")[i];
            assertThat(found.get("prediction")[i]).isCloseTo(expected.mean(x), within(1e-9));
            assertThat(found.get("variance")[i]).isCloseTo(expected.variance(x) + noise, within(1e-9));
        }
    }

    /** Bayesian linear regression with two coefficients: mean and covariance after the support set. */
    private record Posterior(double[] mean, double[][] covariance) {
        static Posterior of(Map<String, double[]> inputs, double[] prior, double[][] covariance, double noise) {
            double[][] precision = inverse(covariance);
            double[] target = {
                precision[0][0] * prior[0] + precision[0][1] * prior[1],
                precision[1][0] * prior[0] + precision[1][1] * prior[1]
            };
            for (int i = 0; i < LINES.support(); i++) {
                double x = inputs.get("support.x")[i];
                double y = inputs.get("support.y")[i];
                double[] phi = {1, x};
                for (int j = 0; j < 2; j++) {
                    target[j] += phi[j] * y / noise;
                    for (int k = 0; k < 2; k++) {
                        precision[j][k] += phi[j] * phi[k] / noise;
                    }
                }
            }
            double[][] after = inverse(precision);
            double[] mean = {
                after[0][0] * target[0] + after[0][1] * target[1], after[1][0] * target[0] + after[1][1] * target[1]
            };
            return new Posterior(mean, after);
        }

        private static double[][] inverse(double[][] a) {
            double determinant = a[0][0] * a[1][1] - a[0][1] * a[1][0];
            return new double[][] {
                {a[1][1] / determinant, -a[0][1] / determinant}, {-a[1][0] / determinant, a[0][0] / determinant}
            };
        }

        double mean(double x) {
            return mean[0] + mean[1] * x;
        }

        double variance(double x) {
            return covariance[0][0] + 2 * x * covariance[0][1] + x * x * covariance[1][1];
        }
    }

    @Test
    void moreThanOneOutputIsRefused() {
        EpisodeLayout twoOutputs = new EpisodeLayout(Shape.of(2), 0, 2, 6, 6);

        assertThatThrownBy(() -> algorithm().train(model(twoOutputs), twoOutputs))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 outputs");
    }

    private static void put(Map<String, double[]> inputs, Layout layout, FlatVector values) {
        layout.entries()
                .forEach(entry -> inputs.put(
                        entry.name(),
                        Arrays.copyOfRange(
                                values.toDoubles(),
                                entry.offset(),
                                entry.offset() + entry.shape().size())));
    }
}
