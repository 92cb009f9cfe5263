package dev.kindling.job.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Targets;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares a model with dropout with the same adaptation implemented here with masks drawn here. */
class DropoutTest {
    private static final int UNITS = 3;
    private static final int EXAMPLES = 4;
    private static final double ALPHA = 0.1;
    private static final EpisodeLayout LAYOUT = new EpisodeLayout(Shape.of(UNITS), 0, 1, EXAMPLES, EXAMPLES);

    @ParameterizedTest
    @CsvSource({"reference, 1", "reference, 2", "reference, 3", "vector, 1", "vector, 3", "nd4j, 1", "nd4j, 3"})
    void everyForwardPassHasItsOwnMaskInValuesAndGradients(String backend, int steps) {
        Program program = new MamlAlgorithm(new InnerSettings(ALPHA, steps)).train(new Dropping(), LAYOUT);
        double[] w = {0.4, -0.3, 0.8};
        Map<String, double[]> inputs = inputs(w);
        Map<String, double[]> found = Runs.once(Backends.named(backend), Precision.DOUBLE, program, inputs);
        assertThat(found.get("query_loss")[0]).isCloseTo(queryLoss(w, inputs, steps), within(1e-12));
        for (int i = 0; i < UNITS; i++) {
            double h = 1e-5;
            double[] up = w.clone();
            double[] down = w.clone();
            up[i] += h;
            down[i] -= h;
            double slope = (queryLoss(up, inputs, steps) - queryLoss(down, inputs, steps)) / (2 * h);
            assertThat(found.get("w")[i]).isCloseTo(slope, within(1e-7));
        }
    }

    @Test
    void masksDependOnTheKeyAndEvaluationHasNoDropout() {
        MamlAlgorithm maml = new MamlAlgorithm(new InnerSettings(ALPHA, 1));
        Program train = maml.train(new Dropping(), LAYOUT);
        double[] w = {0.4, -0.3, 0.8};
        Map<String, double[]> inputs = inputs(w);
        Map<String, double[]> others = new HashMap<>(inputs);
        others.put(EpisodeLayout.KEY, new double[] {5, 7});
        assertThat(run(train, others).get("query_loss"))
                .isNotEqualTo(run(train, inputs).get("query_loss"));
        Program evaluate = maml.evaluate(new Dropping(), LAYOUT, 2);
        assertThat(evaluate.taskInputs()).isEqualTo(LAYOUT.arrays());
        double[][] all = new double[EXAMPLES][UNITS];
        Arrays.stream(all).forEach(row -> Arrays.fill(row, 1));
        assertThat(run(evaluate, inputs).get("loss")[0])
                .isCloseTo(loss(w, inputs.get("query.x"), inputs.get("query.y"), all), within(1e-12));
    }

    private static Map<String, double[]> run(Program program, Map<String, double[]> inputs) {
        return Runs.once(Backends.named("reference"), Precision.DOUBLE, program, inputs);
    }

    private static Map<String, double[]> inputs(double[] w) {
        Map<String, double[]> inputs = new HashMap<>();
        RandomStream stream = RandomStream.of(11);
        LAYOUT.arrays()
                .entries()
                .forEach(entry -> inputs.put(
                        entry.name(),
                        DoubleStream.generate(stream::nextNormal)
                                .limit(entry.shape().size())
                                .toArray()));
        inputs.put("w", w);
        inputs.put(EpisodeLayout.KEY, new double[] {123, 456});
        return inputs;
    }

    private static double queryLoss(double[] w, Map<String, double[]> inputs, int steps) {
        double[] phi = w.clone();
        double[] x = inputs.get("support.x");
        double[] y = inputs.get("support.y");
        for (int step = 0; step < steps; step++) {
            double[][] mask = mask(step);
            double[] gradient = new double[UNITS];
            for (int n = 0; n < EXAMPLES; n++) {
                double error = output(phi, x, mask, n) - y[n];
                for (int i = 0; i < UNITS; i++) {
                    gradient[i] += 2 * error * mask[n][i] * x[n * UNITS + i] / EXAMPLES;
                }
            }
            for (int i = 0; i < UNITS; i++) {
                phi[i] -= ALPHA * gradient[i];
            }
        }
        return loss(phi, inputs.get("query.x"), inputs.get("query.y"), mask(steps));
    }

    private static double[][] mask(int step) {
        RandomStream stream = RandomStream.of(123, 456, step);
        double[][] mask = new double[EXAMPLES][UNITS];
        for (double[] row : mask) {
            Arrays.setAll(row, i -> stream.next24Bits() < 0.5 ? 2 : 0);
        }
        return mask;
    }

    private static double output(double[] w, double[] x, double[][] mask, int n) {
        double sum = 0;
        for (int i = 0; i < UNITS; i++) {
            sum += mask[n][i] * x[n * UNITS + i] * w[i];
        }
        return sum;
    }

    private static double loss(double[] w, double[] x, double[] y, double[][] mask) {
        double total = 0;
        for (int n = 0; n < EXAMPLES; n++) {
            total += Math.pow(output(w, x, mask, n) - y[n], 2) / EXAMPLES;
        }
        return total;
    }

    /** w·x with half of the inputs dropped, squared error. */
    private static final class Dropping implements Model {
        @Override
        public Layout parameters() {
            return Layout.builder().add("w", Shape.of(UNITS, 1)).build();
        }

        @Override
        public void initialise(long seed, FlatVector target) {
            target.fill(0);
        }

        @Override
        public boolean random() {
            return true;
        }

        @Override
        public Value output(ProgramBuilder b, Map<String, Value> parameters, Value x, ForwardContext context) {
            Value kept = context.key()
                    .map(key -> b.mul(x, b.mul(b.greater(b.constant(0.5), b.uniform(key, x.shape())), b.constant(2))))
                    .orElse(x);
            return b.matmul(kept, parameters.get("w"));
        }

        @Override
        public Value loss(ProgramBuilder b, Value output, Targets targets) {
            return b.meanAll(b.square(b.sub(output, targets.y())));
        }

        @Override
        public Optional<Value> accuracy(ProgramBuilder b, Value output, Targets targets) {
            return Optional.empty();
        }
    }
}
