package dev.kindling.job.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.algorithm.MamlAlgorithm;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.program.Program;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Second-order MAML of convolutional networks, unrolled and as a loop, on all backends and with any memory budget. */
class ConvolutionalTasksTest {
    private static final long LARGE = 1L << 28;

    @ParameterizedTest
    @CsvSource({
        "conv4, query, 9, 1",
        "conv4, support-and-query, 5, 1",
        "conv4, support-and-one, 5, 1",
        "conv4, running, 5, 1",
        "conv4, query, 5, 3",
        "conv4-pool-32, query, 16, 1",
        "simple-cnn, query, 5, 3"
    })
    void theBackendsAgree(String network, String batchNorm, int extent, int steps) {
        Drawn drawn = drawn(network, batchNorm, extent, steps);
        Map<String, double[]> expected = run("reference", Precision.DOUBLE, LARGE, drawn);
        double greatest = expected.values().stream()
                .flatMapToDouble(DoubleStream::of)
                .map(Math::abs)
                .max()
                .orElseThrow();
        assertThat(greatest).isGreaterThan(0.01).isFinite();
        for (String backend : List.of("vector", "scalar", "nd4j")) {
            Map<String, double[]> found = run(backend, Precision.DOUBLE, LARGE, drawn);
            expected.forEach((name, array) -> assertThat(found.get(name))
                    .as(backend + " " + name)
                    .containsExactly(array, within(1e-10 * Math.max(1, greatest))));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vector", "scalar", "nd4j"})
    void resultsDoNotDependOnTheMemoryBudget(String backend) {
        Drawn drawn = drawn("conv4", "query", 5, 4);
        Map<String, double[]> expected = run(backend, Precision.FLOAT, LARGE, drawn);
        for (long memory : new long[] {1L << 20, 1}) {
            run(backend, Precision.FLOAT, memory, drawn)
                    .forEach((name, array) -> assertThat(array).as(name).containsExactly(expected.get(name)));
        }
    }

    private record Drawn(Program program, Map<String, double[]> theta, List<Map<String, double[]>> tasks) {}

    private static Drawn drawn(String network, String batchNorm, int extent, int steps) {
        int channels = network.equals("simple-cnn") ? 3 : 1;
        EpisodeLayout layout = new EpisodeLayout(Shape.of(channels, extent, extent), 3, 3, 6, 6);
        Model model = ModelFactory.of(new ModelSettings(network, "glorot-normal", batchNorm), layout);
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, model.parameters().size());
        model.initialise(1, theta);
        Program program = new MamlAlgorithm(new InnerSettings(0.01, steps)).train(model, layout);
        Map<String, double[]> shared = new HashMap<>();
        for (Layout.Entry entry : program.broadcastInputs().entries()) {
            int begin = model.parameters().offset(entry.name());
            shared.put(
                    entry.name(),
                    Arrays.copyOfRange(
                            theta.toDoubles(), begin, begin + entry.shape().size()));
        }
        RandomStream stream = RandomStream.of(7);
        List<Map<String, double[]>> tasks =
                IntStream.range(0, 2).mapToObj(task -> episode(layout, stream)).toList();
        return new Drawn(program, shared, tasks);
    }

    private static Map<String, double[]> episode(EpisodeLayout layout, RandomStream stream) {
        Map<String, double[]> episode = new HashMap<>();
        for (Layout.Entry entry : layout.arrays().entries()) {
            double[] numbers = new double[entry.shape().size()];
            boolean labels = entry.shape().rank() == 1;
            Arrays.setAll(numbers, i -> labels ? i % layout.classes() : (float) stream.nextDouble());
            episode.put(entry.name(), numbers);
        }
        return episode;
    }

    private static Map<String, double[]> run(String backend, Precision precision, long memory, Drawn drawn) {
        Workspace workspace = Backends.named(backend)
                .compile(drawn.program(), new CompileOptions(precision, memory))
                .workspace();
        return Runs.run(workspace, precision, drawn.program(), drawn.theta(), drawn.tasks());
    }
}
