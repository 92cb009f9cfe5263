package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.NetworkFile;
import dev.kindling.job.model.Targets;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * First-order gradients of presets and of networks read from JSON against Deeplearning4j's own for the same weights and data, in double precision.
 *
 * <p>Deeplearning4j's score is a mean over examples, as our loss is, but the gradient that {@code computeGradientAndScore}
 * leaves behind is a sum over them: the division comes later, in its updater. Its squared error divides by the count of
 * outputs already in the gradient, so that for N examples its gradient is N times ours for both losses.
 */
class Deeplearning4jOracleTest {
    private static final int EXAMPLES = 7;
    private static final double TOLERANCE = 1e-9;

    @ParameterizedTest
    @ValueSource(strings = {"reference", "vector"})
    void theSinusoidNetworkHasDeeplearning4jsGradient(String backend) {
        agrees(new Case("mlp-40-40", backend, new EpisodeLayout(Shape.of(1), 0, 1, EXAMPLES, EXAMPLES)), perceptron());
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "vector"})
    void theTanhNetworkHasDeeplearning4jsGradientForSeveralOutputs(String backend) {
        agrees(
                new Case("mlp-40-tanh", backend, new EpisodeLayout(Shape.of(2), 0, 3, EXAMPLES, EXAMPLES)),
                tanhPerceptron());
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "vector"})
    void theOmniglotNetworkWithItsBatchNormHasDeeplearning4jsGradient(String backend) {
        agrees(
                new Case("omniglot-fc", backend, new EpisodeLayout(Shape.of(1, 28, 28), 5, 5, EXAMPLES, EXAMPLES)),
                omniglot());
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "vector"})
    void theStridedNetworkHasDeeplearning4jsGradient(String backend) {
        agrees(new Case("conv4", backend, drawings(1, 28)), strided());
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "vector"})
    void thePooledNetworkHasDeeplearning4jsGradient(String backend) {
        agrees(new Case("conv4-pool", backend, drawings(1, 17)), pooled(64));
    }

    @Test
    void thePooledNetworkOf32FiltersHasDeeplearning4jsGradient() {
        agrees(new Case("conv4-pool-32", "vector", drawings(3, 19)), pooled(32));
    }

    @Test
    void theTutorialsNetworkHasDeeplearning4jsGradient() {
        agrees(new Case("simple-cnn", "vector", drawings(3, 11)), tutorials());
    }

    /** The same from their JSON, over odd sizes, strides, paddings and modes, and with every supported layer. */
    @ParameterizedTest
    @MethodSource("networks")
    void aNetworkReadFromJsonHasDeeplearning4jsGradient(Given given) {
        NetworkFile file = new NetworkFile("their.json", given.theirs().toJson().getBytes(StandardCharsets.UTF_8));
        ModelSettings settings = new ModelSettings("their.json", "fan-in-uniform", "query", Optional.of(file));
        for (String backend : List.of("reference", "vector")) {
            agrees(new Case(settings, backend, given.episode()), new MultiLayerNetwork(given.theirs()));
        }
    }

    /** A network and the episodes that it is for. */
    private record Given(String what, MultiLayerConfiguration theirs, EpisodeLayout episode) {
        @Override
        public String toString() {
            return what;
        }
    }

    static Stream<Given> networks() {
        return Stream.of(
                new Given(
                        "truncated, odd strides and paddings",
                        images(
                                network()
                                        .layer(convolution(5, new int[] {3, 2}, new int[] {2, 1}, new int[] {1, 1})
                                                .convolutionMode(ConvolutionMode.Truncate)
                                                .activation(Activation.SWISH)
                                                .build())
                                        .layer(convolution(7, new int[] {1, 4}, new int[] {3, 2}, new int[] {0, 3})
                                                .hasBias(false)
                                                .activation(Activation.SOFTPLUS)
                                                .build())
                                        .layer(classes()),
                                InputType.convolutional(13, 10, 2)),
                        drawings(Shape.of(2, 13, 10))),
                new Given(
                        "strict, batch norm of another epsilon",
                        images(
                                network()
                                        .layer(convolution(3, new int[] {3, 3}, new int[] {2, 2}, new int[] {1, 1})
                                                .hasBias(false)
                                                .convolutionMode(ConvolutionMode.Strict)
                                                .activation(Activation.IDENTITY)
                                                .build())
                                        .layer(new BatchNormalization.Builder()
                                                .eps(0.01)
                                                .build())
                                        .layer(new ActivationLayer.Builder()
                                                .activation(Activation.LEAKYRELU)
                                                .build())
                                        .layer(classes()),
                                InputType.convolutional(9, 9, 1)),
                        drawings(1, 9)),
                new Given(
                        "same with strides that leave an odd row, average pooling of all kinds",
                        images(
                                network()
                                        .layer(convolution(4, new int[] {4, 3}, new int[] {3, 2}, new int[] {0, 0})
                                                .convolutionMode(ConvolutionMode.Same)
                                                .activation(Activation.SIGMOID)
                                                .build())
                                        .layer(pooling(
                                                PoolingType.AVG, new int[] {2, 3}, new int[] {1, 2}, new int[] {1, 1}))
                                        .layer(new SubsamplingLayer.Builder(
                                                        PoolingType.AVG, new int[] {2, 2}, new int[] {2, 2}, new int[] {
                                                            0, 0
                                                        })
                                                .convolutionMode(ConvolutionMode.Same)
                                                .build())
                                        .layer(classes()),
                                InputType.convolutional(14, 11, 3)),
                        drawings(Shape.of(3, 14, 11))),
                new Given(
                        "maxima with padding, elu, global maxima",
                        images(
                                network()
                                        .layer(convolution(6, new int[] {3, 3}, new int[] {1, 1}, new int[] {0, 0})
                                                .activation(Activation.ELU)
                                                .build())
                                        .layer(pooling(
                                                PoolingType.MAX, new int[] {3, 3}, new int[] {2, 2}, new int[] {1, 1}))
                                        .layer(new GlobalPoolingLayer.Builder(PoolingType.MAX).build())
                                        .layer(classes()),
                                InputType.convolutional(10, 7, 1)),
                        drawings(Shape.of(1, 10, 7))),
                new Given(
                        "rows into images, global sums, a dense layer without bias",
                        images(
                                network()
                                        .layer(convolution(3, new int[] {2, 2}, new int[] {1, 1}, new int[] {0, 0})
                                                .activation(Activation.RELU)
                                                .build())
                                        .layer(new GlobalPoolingLayer.Builder(PoolingType.SUM).build())
                                        .layer(new DenseLayer.Builder()
                                                .nOut(8)
                                                .hasBias(false)
                                                .activation(Activation.TANH)
                                                .build())
                                        .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MSE)
                                                .nOut(2)
                                                .activation(Activation.IDENTITY)
                                                .build()),
                                InputType.convolutionalFlat(5, 6, 2)),
                        new EpisodeLayout(Shape.of(60), 0, 2, EXAMPLES, EXAMPLES)),
                new Given(
                        "batch norm behind images that became rows, global means",
                        images(
                                network()
                                        .layer(convolution(3, new int[] {3, 3}, new int[] {2, 2}, new int[] {0, 0})
                                                .activation(Activation.RELU)
                                                .build())
                                        .layer(new DenseLayer.Builder()
                                                .nOut(6)
                                                .hasBias(false)
                                                .activation(Activation.IDENTITY)
                                                .build())
                                        .layer(new BatchNormalization())
                                        .layer(new OutputLayer.Builder(LossFunctions.LossFunction.NEGATIVELOGLIKELIHOOD)
                                                .nOut(5)
                                                .activation(Activation.SOFTMAX)
                                                .build()),
                                InputType.convolutional(8, 8, 2)),
                        drawings(2, 8)),
                new Given(
                        "images as rows from the beginning",
                        network()
                                .layer(new BatchNormalization.Builder()
                                        .nIn(36)
                                        .nOut(36)
                                        .build())
                                .layer(dense(36, 9, Activation.SIGMOID))
                                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                        .nIn(9)
                                        .nOut(5)
                                        .activation(Activation.SOFTMAX)
                                        .build())
                                .build(),
                        drawings(1, 6)));
    }

    private static EpisodeLayout drawings(int channels, int size) {
        return drawings(Shape.of(channels, size, size));
    }

    private static EpisodeLayout drawings(Shape image) {
        return new EpisodeLayout(image, 5, 5, EXAMPLES, EXAMPLES);
    }

    private static MultiLayerConfiguration images(NeuralNetConfiguration.ListBuilder layers, InputType type) {
        return layers.setInputType(type).build();
    }

    private static ConvolutionLayer.Builder convolution(int out, int[] kernel, int[] stride, int[] padding) {
        return new ConvolutionLayer.Builder(kernel, stride, padding).nOut(out);
    }

    private static SubsamplingLayer pooling(PoolingType type, int[] kernel, int[] stride, int[] padding) {
        return new SubsamplingLayer.Builder(type, kernel, stride, padding)
                .convolutionMode(ConvolutionMode.Truncate)
                .build();
    }

    private static OutputLayer classes() {
        return new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .nOut(5)
                .activation(Activation.SOFTMAX)
                .build();
    }

    /** Our network, weights and data. */
    private static final class Case {
        private final String backend;
        private final EpisodeLayout layout;
        private final Model model;
        private final FlatVector theta;
        private final FlatVector x;
        private final FlatVector y;

        Case(String preset, String backend, EpisodeLayout layout) {
            this(new ModelSettings(preset, "fan-in-uniform", "query"), backend, layout);
        }

        Case(ModelSettings settings, String backend, EpisodeLayout layout) {
            this.backend = backend;
            this.layout = layout;
            this.model = ModelFactory.of(settings, layout);
            dev.kindling.job.random.RandomStream stream = dev.kindling.job.random.RandomStream.of(11);
            theta = FlatVector.zeros(Precision.DOUBLE, model.parameters().size());
            model.initialise(4, theta);
            // Scales and shifts that begin at 1 and 0 would hide what multiplies them.
            for (int i = 0; i < theta.size(); i++) {
                theta.set(i, theta.at(i) + stream.nextDouble(-0.05, 0.05));
            }
            x = FlatVector.zeros(Precision.DOUBLE, EXAMPLES * layout.features().size());
            for (int i = 0; i < x.size(); i++) {
                x.set(i, stream.nextDouble(-1, 1));
            }
            y = FlatVector.zeros(Precision.DOUBLE, layout.classification() ? EXAMPLES : EXAMPLES * layout.outputs());
            for (int i = 0; i < y.size(); i++) {
                y.set(i, layout.classification() ? stream.nextInt(layout.classes()) : stream.nextNormal());
            }
        }

        /** Gradient and loss of our program: θ's layout, then the loss in its last place. */
        double[] gradientAndLoss() {
            ProgramBuilder b = new ProgramBuilder();
            Map<String, Value> parameters = new LinkedHashMap<>();
            for (Layout.Entry entry : model.parameters().entries()) {
                parameters.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.BROADCAST));
            }
            Layout episode = layout.arrays();
            Value inputs = b.input("x", episode.shape(EpisodeLayout.QUERY_X), Program.Scope.TASK);
            Value targets = b.input("y", episode.shape(EpisodeLayout.QUERY_Y), Program.Scope.TASK);
            Value loss = model.loss(b, model.output(b, parameters, inputs, ForwardContext.PLAIN), Targets.of(targets));
            List<Value> gradients = Autodiff.grad(b, loss, List.copyOf(parameters.values()));
            List<Program.Output> outputs = new ArrayList<>();
            List<String> names = model.parameters().names();
            for (int i = 0; i < names.size(); i++) {
                outputs.add(new Program.Output(names.get(i), Program.Reduction.SUM, gradients.get(i)));
            }
            outputs.add(new Program.Output("loss", Program.Reduction.PER_TASK, loss));
            return run(b.build("first-order", outputs));
        }

        private double[] run(Program program) {
            Workspace workspace = Backends.named(backend)
                    .compile(program, new CompileOptions(Precision.DOUBLE, 1 << 28))
                    .workspace();
            workspace.setBroadcastInputs(theta);
            FlatVector sums = FlatVector.zeros(Precision.DOUBLE, theta.size());
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

        /** The inputs as the network wants them: rows, or images for one that begins with a convolution. */
        INDArray inputs(MultiLayerNetwork theirs) {
            INDArray rows = Nd4j.createFromArray(x.toDoubles())
                    .reshape(EXAMPLES, layout.features().size());
            boolean images = layout.features().rank() == 3
                    && theirs.getLayerWiseConfigurations().getConf(0).getLayer() instanceof ConvolutionLayer;
            return images
                    ? rows.reshape(
                            Arrays.stream(layout.features().stacked(EXAMPLES).dims())
                                    .asLongStream()
                                    .toArray())
                    : rows;
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
            double[] values = Arrays.copyOfRange(
                    ours.theta.toDoubles(),
                    entry.offset(),
                    entry.offset() + entry.shape().size());
            theirs.setParam(
                    entry.name(),
                    Nd4j.createFromArray(values)
                            .reshape(Arrays.stream(entry.shape().dims())
                                    .asLongStream()
                                    .toArray()));
        }
        theirs.setInput(ours.inputs(theirs));
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

    private static MultiLayerNetwork strided() {
        NeuralNetConfiguration.ListBuilder layers = network();
        for (int block = 0; block < 4; block++) {
            block(layers, 64, 2);
        }
        layers.layer(new GlobalPoolingLayer.Builder(PoolingType.AVG).build()).layer(classes());
        return new MultiLayerNetwork(images(layers, InputType.convolutional(28, 28, 1)));
    }

    private static MultiLayerNetwork pooled(int filters) {
        NeuralNetConfiguration.ListBuilder layers = network();
        for (int block = 0; block < 4; block++) {
            block(layers, filters, 1);
            layers.layer(pooling(PoolingType.MAX, new int[] {2, 2}, new int[] {2, 2}, new int[] {0, 0}));
        }
        layers.layer(classes());
        InputType type = filters == 64 ? InputType.convolutional(17, 17, 1) : InputType.convolutional(19, 19, 3);
        return new MultiLayerNetwork(images(layers, type));
    }

    private static void block(NeuralNetConfiguration.ListBuilder layers, int filters, int stride) {
        layers.layer(convolution(filters, new int[] {3, 3}, new int[] {stride, stride}, new int[] {0, 0})
                        .convolutionMode(ConvolutionMode.Same)
                        .hasBias(false)
                        .activation(Activation.IDENTITY)
                        .build())
                .layer(new BatchNormalization())
                .layer(new ActivationLayer.Builder().activation(Activation.RELU).build());
    }

    private static MultiLayerNetwork tutorials() {
        NeuralNetConfiguration.ListBuilder layers = network();
        for (int block = 0; block < 4; block++) {
            layers.layer(convolution(64, new int[] {3, 3}, new int[] {1, 1}, new int[] {0, 0})
                    .convolutionMode(ConvolutionMode.Same)
                    .activation(Activation.RELU)
                    .build());
            if (block % 2 == 1) {
                layers.layer(pooling(PoolingType.MAX, new int[] {2, 2}, new int[] {2, 2}, new int[] {0, 0}));
            }
        }
        layers.layer(classes());
        return new MultiLayerNetwork(images(layers, InputType.convolutional(11, 11, 3)));
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
