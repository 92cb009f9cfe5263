package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.autodiff.Gradients;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.Models;
import dev.kindling.job.model.Pass;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.Stream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * First-order gradients of the presets against Deeplearning4j's own for the same weights and data, in double precision.
 *
 * <p>Deeplearning4j's score is a mean over examples, as our loss is, but the gradient that {@code computeGradientAndScore}
 * leaves behind is a sum over them: the division comes later, in its updater. Its squared error divides by the count of
 * outputs already in the gradient, so that for N examples its gradient is N times ours for both losses.
 */
class Deeplearning4jOracleTest {
    private static final int EXAMPLES = 7;
    private static final double TOLERANCE = 1e-10;

    @ParameterizedTest
    @ValueSource(strings = {"plain", "vector"})
    void theSinusoidNetworkHasDeeplearning4jsGradient(String backend) {
        agrees(new Case("mlp-40-40", backend, new EpisodeLayout(Shape.of(1), 0, 1, EXAMPLES, EXAMPLES)), perceptron());
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "vector"})
    void theTanhNetworkHasDeeplearning4jsGradientForSeveralOutputs(String backend) {
        agrees(
                new Case("mlp-40-tanh", backend, new EpisodeLayout(Shape.of(2), 0, 3, EXAMPLES, EXAMPLES)),
                tanhPerceptron());
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "vector"})
    void theOmniglotNetworkWithItsBatchNormHasDeeplearning4jsGradient(String backend) {
        agrees(
                new Case("omniglot-fc", backend, new EpisodeLayout(Shape.of(1, 28, 28), 5, 5, EXAMPLES, EXAMPLES)),
                omniglot());
    }

    /** Our network, weights and data. */
    private static final class Case {
        private final String backend;
        private final EpisodeLayout layout;
        private final Model model;
        private final Storage theta;
        private final Storage x;
        private final Storage y;

        Case(String network, String backend, EpisodeLayout layout) {
            this.backend = backend;
            this.layout = layout;
            this.model = Models.of(new ModelSettings(network, "fan-in-uniform", "query"), layout);
            Stream stream = Stream.of(11);
            theta = Storage.zeros(Precision.DOUBLE, model.parameters().size());
            model.initialise(4, theta);
            // Scales and shifts that begin at 1 and 0 would hide what multiplies them.
            for (int i = 0; i < theta.size(); i++) {
                theta.set(i, theta.at(i) + stream.nextDouble(-0.05, 0.05));
            }
            x = Storage.zeros(Precision.DOUBLE, EXAMPLES * layout.features().size());
            for (int i = 0; i < x.size(); i++) {
                x.set(i, stream.nextDouble(-1, 1));
            }
            y = Storage.zeros(Precision.DOUBLE, layout.classification() ? EXAMPLES : EXAMPLES * layout.outputs());
            for (int i = 0; i < y.size(); i++) {
                y.set(i, layout.classification() ? stream.nextInt(layout.classes()) : stream.nextNormal());
            }
        }

        /** Gradient and loss of our program: θ's layout, then the loss in its last place. */
        double[] gradientAndLoss() {
            Builder b = new Builder();
            Map<String, Value> parameters = new LinkedHashMap<>();
            for (Layout.Entry entry : model.parameters().entries()) {
                parameters.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Kind.SHARED));
            }
            Layout episode = layout.arrays();
            Value inputs = b.input("x", episode.shape(EpisodeLayout.QUERY_X), Program.Kind.TASK);
            Value targets = b.input("y", episode.shape(EpisodeLayout.QUERY_Y), Program.Kind.TASK);
            Value loss = model.loss(b, model.output(b, parameters, inputs, Pass.PLAIN), targets);
            List<Value> gradients = Gradients.of(b, loss, List.copyOf(parameters.values()));
            List<Program.Output> outputs = new ArrayList<>();
            List<String> names = model.parameters().names();
            for (int i = 0; i < names.size(); i++) {
                outputs.add(new Program.Output(names.get(i), Program.Role.SUM, gradients.get(i)));
            }
            outputs.add(new Program.Output("loss", Program.Role.EACH, loss));
            return run(b.build("first-order", outputs));
        }

        private double[] run(Program program) {
            Workspace workspace = Backends.named(backend)
                    .compile(program, new CompileOptions(Precision.DOUBLE, 1 << 28))
                    .workspace();
            workspace.share(theta);
            Storage sums = Storage.zeros(Precision.DOUBLE, theta.size());
            double[] loss = new double[1];
            workspace.run(
                    1,
                    (task, target, offset) -> {
                        target.copyFrom(x, 0, offset, x.size());
                        target.copyFrom(y, 0, offset + x.size(), y.size());
                    },
                    sums,
                    loss);
            double[] both = Arrays.copyOf(sums.toDoubles(), theta.size() + 1);
            both[theta.size()] = loss[0];
            return both;
        }

        INDArray inputs() {
            return Nd4j.createFromArray(x.toDoubles())
                    .reshape(EXAMPLES, layout.features().size());
        }

        /** The targets as Deeplearning4j wants them: labels one-hot. */
        INDArray labels() {
            INDArray labels = Nd4j.zeros(DataType.DOUBLE, EXAMPLES, layout.outputs());
            for (int i = 0; i < y.size(); i++) {
                if (layout.classification()) {
                    labels.putScalar(i, (long) y.at(i), 1);
                } else {
                    labels.putScalar(i / layout.outputs(), i % layout.outputs(), y.at(i));
                }
            }
            return labels;
        }
    }

    private static void agrees(Case ours, MultiLayerNetwork theirs) {
        theirs.init();
        Layout layout = ours.model.parameters();
        for (Layout.Entry entry : layout.entries()) {
            INDArray values = Nd4j.zeros(
                    DataType.DOUBLE, entry.shape().dim(0), entry.shape().dim(1));
            for (int i = 0; i < entry.shape().size(); i++) {
                int columns = entry.shape().dim(1);
                values.putScalar(i / columns, i % columns, ours.theta.at(entry.offset() + i));
            }
            theirs.setParam(entry.name(), values);
        }
        theirs.setInput(ours.inputs());
        theirs.setLabels(ours.labels());
        theirs.computeGradientAndScore();

        double[] gradientAndLoss = ours.gradientAndLoss();
        assertThat(gradientAndLoss[layout.size()]).isCloseTo(theirs.score(), within(1e-12));
        for (Layout.Entry entry : layout.entries()) {
            // Weights come column by column and biases as vectors of rank 1: both row-major here.
            double[] expected = theirs.gradient()
                    .getGradientFor(entry.name())
                    .dup('c')
                    .data()
                    .asDouble();
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow() / EXAMPLES;
            assertThat(expected).as(entry.name()).hasSize(entry.shape().size());
            assertThat(largest).as("largest of " + entry.name()).isGreaterThan(1e-6);
            for (int i = 0; i < expected.length; i++) {
                assertThat(gradientAndLoss[entry.offset() + i])
                        .as("%s at %d", entry.name(), i)
                        .isCloseTo(expected[i] / EXAMPLES, within(TOLERANCE * largest));
            }
        }
    }

    private static NeuralNetConfiguration.ListBuilder network() {
        return new NeuralNetConfiguration.Builder().dataType(DataType.DOUBLE).list();
    }

    private static DenseLayer dense(int in, int out, Activation activation) {
        return new DenseLayer.Builder().nIn(in).nOut(out).activation(activation).build();
    }

    private static OutputLayer squaredError(int in, int out) {
        return new OutputLayer.Builder(LossFunctions.LossFunction.MSE)
                .nIn(in)
                .nOut(out)
                .activation(Activation.IDENTITY)
                .build();
    }

    private static MultiLayerNetwork perceptron() {
        return new MultiLayerNetwork(network()
                .layer(dense(1, 40, Activation.RELU))
                .layer(dense(40, 40, Activation.RELU))
                .layer(squaredError(40, 1))
                .build());
    }

    private static MultiLayerNetwork tanhPerceptron() {
        return new MultiLayerNetwork(network()
                .layer(dense(2, 40, Activation.TANH))
                .layer(squaredError(40, 3))
                .build());
    }

    private static MultiLayerNetwork omniglot() {
        NeuralNetConfiguration.ListBuilder layers = network();
        int in = 784;
        for (int units : new int[] {256, 128, 64, 64}) {
            layers.layer(new DenseLayer.Builder()
                            .nIn(in)
                            .nOut(units)
                            .hasBias(false)
                            .activation(Activation.IDENTITY)
                            .build())
                    .layer(new BatchNormalization.Builder()
                            .nIn(units)
                            .nOut(units)
                            .eps(1e-5)
                            .build())
                    .layer(new ActivationLayer.Builder()
                            .activation(Activation.RELU)
                            .build());
            in = units;
        }
        layers.layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .nIn(in)
                .nOut(5)
                .activation(Activation.SOFTMAX)
                .build());
        return new MultiLayerNetwork(layers.build());
    }
}
