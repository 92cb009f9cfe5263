package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.NetworkFile;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.dropout.GaussianDropout;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Files of Deeplearning4j as {@code model.network}: what is read from them, and what is refused. */
class Deeplearning4jFilesTest {
    private static final EpisodeLayout DRAWINGS = new EpisodeLayout(Shape.of(1, 8, 8), 5, 5, 5, 5);
    private static final EpisodeLayout POINTS = new EpisodeLayout(Shape.of(3), 0, 2, 5, 5);

    @Test
    void aTrainedZipGivesTheInitialWeights() {
        MultiLayerNetwork trained = new MultiLayerNetwork(images(convolution().build(), new BatchNormalization()));
        trained.init();

        NetworkFile zip = zip(trained);
        Model model = model(zip, DRAWINGS);
        FlatVector theta = initial(model, 1);
        assertThat(model.parameters().names()).containsExactly("0_W", "0_b", "1_gamma", "1_beta", "2_W", "2_b");
        for (Layout.Entry entry : model.parameters().entries()) {
            double[] expected = trained.getParam(entry.name()).dup('c').data().asDouble();
            for (int i = 0; i < expected.length; i++) {
                assertThat(theta.at(entry.offset() + i)).as(entry.name()).isEqualTo(expected[i]);
            }
        }
        assertThat(initial(model, 2).toDoubles()).isEqualTo(theta.toDoubles());

        Model drawnAnew = ModelFactory.of(
                new ModelSettings("trained.zip", "fan-in-uniform", "query", Optional.of(zip)), DRAWINGS);
        assertThat(initial(drawnAnew, 1).toDoubles()).isNotEqualTo(theta.toDoubles());
    }

    static Stream<MultiLayerConfiguration> stored() {
        return Stream.of(DataType.FLOAT, DataType.DOUBLE)
                .flatMap(type -> Stream.of(
                                images(convolution().build(), new BatchNormalization()),
                                images(
                                        convolution()
                                                .hasBias(false)
                                                .kernelSize(2, 3)
                                                .build(),
                                        new BatchNormalization.Builder()
                                                .useLogStd(false)
                                                .build()),
                                layers(
                                        dense().nOut(4).hasBias(false).build(),
                                        new BatchNormalization.Builder()
                                                .nIn(4)
                                                .nOut(4)
                                                .build(),
                                        squaredError().nIn(4).build()))
                        .map(configuration -> typed(configuration, type)));
    }

    private static MultiLayerConfiguration typed(MultiLayerConfiguration configuration, DataType type) {
        configuration.setDataType(type);
        configuration.getConfs().forEach(layer -> layer.setDataType(type));
        return configuration;
    }

    /** Batch norm's statistics too, which the mode running takes from the file. */
    @ParameterizedTest
    @MethodSource("stored")
    void weightsEqualThoseThatDeeplearning4jReads(MultiLayerConfiguration configuration) throws IOException {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        Nd4j.getRandom().setSeed(5);
        network.params()
                .assign(Nd4j.rand(configuration.getDataType(), network.params().shape()));
        NetworkFile zip = zip(network);
        MultiLayerNetwork theirs = ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(zip.content()));
        EpisodeLayout episode = configuration.getConfs().get(0).getLayer() instanceof DenseLayer ? POINTS : DRAWINGS;
        Model model = ModelFactory.of(new ModelSettings(zip.place(), "preset", "running", Optional.of(zip)), episode);
        FlatVector theta = initial(model, 1);
        assertThat(model.parameters().names()).contains("1_gamma", "1_mean", "1_var");
        for (Layout.Entry entry : model.parameters().entries()) {
            double[] ours = new double[entry.shape().size()];
            Arrays.setAll(ours, i -> theta.at(entry.offset() + i));
            INDArray deviation = theirs.paramTable().get("1_log10stdev");
            double[] expected = entry.name().equals("1_var") && deviation != null
                    ? Arrays.stream(deviation.data().asDouble())
                            .map(logarithm -> StrictMath.pow(10, 2 * logarithm))
                            .toArray()
                    : theirs.getParam(entry.name()).dup('c').data().asDouble();
            assertThat(ours).as(entry.name()).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(chars = {'c', 'f'})
    void weightsWrittenWithNd4jAreReadInEitherOrder(char order) throws IOException {
        MultiLayerNetwork network = new MultiLayerNetwork(
                layers(dense().nOut(4).build(), squaredError().nIn(4).build()));
        network.init();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Nd4j.write(network.params().reshape(order, 1, network.numParams()).dup(order), new DataOutputStream(bytes));
        ByteArrayOutputStream zip = new ByteArrayOutputStream();
        try (ZipOutputStream out = new ZipOutputStream(zip)) {
            out.putNextEntry(new ZipEntry("configuration.json"));
            out.write(network.getLayerWiseConfigurations().toJson().getBytes(StandardCharsets.UTF_8));
            out.putNextEntry(new ZipEntry("coefficients.bin"));
            out.write(bytes.toByteArray());
        }
        assertThat(initial(model(new NetworkFile("x.zip", zip.toByteArray()), POINTS), 1)
                        .toDoubles())
                .isEqualTo(initial(model(zip(network), POINTS), 1).toDoubles());
    }

    @Test
    void weightsAreInitialisedAsConfigured() {
        MultiLayerConfiguration relu = layers(
                dense().weightInit(WeightInit.RELU).nOut(4_000).build(),
                OutputLayer.class.cast(squaredError().nIn(4_000).build()));
        FlatVector theta = initial(model(json(relu), POINTS), 5);
        double squares = 0;
        for (int i = 0; i < 12_000; i++) {
            squares += theta.at(i) * theta.at(i);
        }
        // He et al.: variance 2 / fan-in.
        assertThat(squares / 12_000).isCloseTo(2.0 / 3, within(0.03));
    }

    @Test
    void missingInputSizesAreInferred() {
        String json = layers(
                        dense().nIn(0).nOut(7).build(), squaredError().nIn(7).build())
                .toJson();
        assertThat(json).contains("\"nin\" : 0");
        Model model = model(new NetworkFile("x.json", json.getBytes(StandardCharsets.UTF_8)), POINTS);
        assertThat(model.parameters().shape("0_W")).isEqualTo(Shape.of(3, 7));
    }

    @Test
    void settingsOfDeeplearning4jsTrainingAreIgnored() {
        MultiLayerConfiguration theirs = new NeuralNetConfiguration.Builder()
                .updater(new Adam(0.1))
                .seed(7)
                .list()
                .layer(dense().nOut(4).build())
                .layer(squaredError().nIn(4).build())
                .build();
        assertThat(model(json(theirs), POINTS).parameters().size()).isEqualTo(3 * 4 + 4 + 4 * 2 + 2);
    }

    @Test
    void dropoutAppliesToTheInputOfItsLayer() {
        Model plain = model(json(images(convolution().build(), new DropoutLayer(1.0))), DRAWINGS);
        assertThat(plain.random()).isFalse();
        assertThat(model(json(images(convolution().build(), new DropoutLayer(0.7))), DRAWINGS)
                        .random())
                .isTrue();
        Model behind = model(json(images(convolution().dropOut(0.5).build(), new BatchNormalization())), DRAWINGS);
        assertThat(behind.random()).isTrue();
        assertThat(behind.parameters().names()).containsExactly("0_W", "0_b", "1_gamma", "1_beta", "2_W", "2_b");
    }

    /** A configuration and what is said about it. */
    private record Refused(MultiLayerConfiguration theirs, EpisodeLayout episode, String sentence) {
        @Override
        public String toString() {
            return sentence;
        }
    }

    static Stream<Refused> refused() {
        return Stream.of(
                new Refused(
                        layers(
                                new LSTM.Builder().nIn(3).nOut(4).name("memory").build(),
                                squaredError().nIn(4).build()),
                        POINTS,
                        "whose layer 0 (memory) is a org.deeplearning4j.nn.conf.layers.LSTM; supported are "
                                + "ConvolutionLayer, SubsamplingLayer, GlobalPoolingLayer, BatchNormalization, "
                                + "DenseLayer, ActivationLayer, DropoutLayer, OutputLayer"),
                new Refused(
                        layers(
                                new Convolution1DLayer.Builder(2).nIn(3).nOut(4).build(),
                                squaredError().nIn(4).build()),
                        POINTS,
                        "is a org.deeplearning4j.nn.conf.layers.Convolution1DLayer; supported are"),
                refusedImages(convolution().dilation(2, 2).build(), "has dilation [2, 2]; only 1 is supported"),
                refusedImages(convolution().l2(1e-4).build(), "has regularization [L2Regularization], which is not"),
                refusedImages(
                        convolution().l1Bias(1e-4).build(), "has regularizationBias [L1Regularization], which is not"),
                refusedImages(convolution().weightNoise(new DropConnect(0.5)).build(), "has weightNoise DropConnect"),
                refusedImages(
                        convolution()
                                .constrainWeights(new MaxNormConstraint(1, 1))
                                .build(),
                        "has constraints [MaxNormConstraint]"),
                refusedImages(
                        convolution()
                                .gradientNormalization(GradientNormalization.ClipL2PerLayer)
                                .build(),
                        "has gradientNormalization ClipL2PerLayer; only None is supported"),
                refusedImages(
                        convolution().dropOut(new GaussianDropout(0.5)).build(), "has the dropout GaussianDropout"),
                refusedImages(
                        convolution().weightInit(WeightInit.ONES).build(), "has the weight init WeightInitConstant"),
                refusedImages(convolution().biasInit(0.5).build(), "has biasInit 0.5; only 0.0 is supported"),
                refusedImages(
                        convolution().activation(new ActivationLReLU(0.2)).build(),
                        "has activation leakyrelu of alpha 0.2; only 0.01 is supported"),
                refusedImages(
                        convolution().activation(Activation.CUBE).build(), "has the activation cube; supported are"),
                new Refused(
                        new NeuralNetConfiguration.Builder()
                                .list()
                                .layer(convolution()
                                        .convolutionMode(ConvolutionMode.Strict)
                                        .stride(2, 2)
                                        .build())
                                .layer(classes())
                                .setInputType(InputType.convolutional(9, 9, 1))
                                .build(),
                        DRAWINGS,
                        "has convolutionMode Strict, and its windows of 3 with stride 2 and padding 0 leave 1 of 8"),
                refusedImages(
                        convolution()
                                .activation(new ActivationReLU(6.0, null, null))
                                .build(),
                        "has activation relu with a greatest value, Double, which is not supported"),
                refusedImages(
                        new BatchNormalization.Builder().lockGammaBeta(true).build(), "has lockGammaBeta true"),
                new Refused(
                        new NeuralNetConfiguration.Builder()
                                .miniBatch(false)
                                .list()
                                .layer(dense().nIn(3).nOut(7).build())
                                .layer(squaredError().nIn(7).build())
                                .build(),
                        POINTS,
                        "has miniBatch false; only true is supported"),
                refusedImages(
                        new BatchNormalization.Builder().gamma(2).build(), "has gamma 2.0; only 1.0 is supported"),
                refusedImages(
                        new SubsamplingLayer.Builder(
                                        PoolingType.MAX, new int[] {4, 4}, new int[] {1, 1}, new int[] {3, 3})
                                .build(),
                        "has padding 3 for a kernel of 4; it may be at most 2"),
                new Refused(
                        new NeuralNetConfiguration.Builder()
                                .list()
                                .layer(convolution()
                                        .kernelSize(17, 17)
                                        .convolutionMode(ConvolutionMode.Same)
                                        .build())
                                .layer(classes())
                                .setInputType(InputType.convolutional(8, 8, 1))
                                .build(),
                        DRAWINGS,
                        "has a kernel of 17 over images of 8 pixels; it may be twice as long as the image at most"),
                refusedImages(
                        new SubsamplingLayer.Builder(
                                        PoolingType.PNORM, new int[] {2, 2}, new int[] {2, 2}, new int[] {0, 0})
                                .pnorm(2)
                                .build(),
                        "has poolingType PNORM; only MAX is supported"),
                refusedImages(
                        new SubsamplingLayer.Builder(
                                        PoolingType.AVG, new int[] {2, 2}, new int[] {2, 2}, new int[] {1, 1})
                                .avgPoolIncludePadInDivisor(true)
                                .build(),
                        "has avgPoolIncludePadInDivisor true; only false is supported"),
                new Refused(
                        layers(
                                dense().nIn(4).nOut(7).build(),
                                squaredError().nIn(7).build()),
                        POINTS,
                        "layer0, DenseLayer) has nIn 4; what comes to it has 3, in examples of shape [3]"),
                new Refused(
                        layers(
                                dense().nOut(7).build(),
                                squaredError().nIn(7).nOut(4).build()),
                        POINTS,
                        "OutputLayer) has nOut 4; it must be 2, the targets of a task"),
                new Refused(
                        layers(dense().nOut(7).build(), squaredError().nIn(7).build()),
                        new EpisodeLayout(Shape.of(3), 2, 2, 5, 5),
                        "for classes it must be mcxent or negativeloglikelihood with softmax"),
                new Refused(
                        images(convolution().build(), new BatchNormalization()),
                        new EpisodeLayout(Shape.of(1, 9, 9), 5, 5, 5, 5),
                        "has a preprocessor for images [3, 6, 6]; it gets examples of shape [3, 7, 7]"),
                new Refused(
                        images(convolution().build(), new BatchNormalization()),
                        new EpisodeLayout(Shape.of(3, 8, 8), 5, 5, 5, 5),
                        "has nIn 1; what comes to it has 3, in examples of shape [3, 8, 8]"),
                new Refused(
                        layers(dense().nOut(7).build(), dense().nIn(7).nOut(2).build()),
                        POINTS,
                        "is the last layer; the last layer, and no other, must be an OutputLayer"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void unsupportedSettingsAreRefusedByName(Refused refused) {
        assertThatThrownBy(() -> model(json(refused.theirs()), refused.episode()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("model.network is their.json, whose layer ")
                .hasMessageContaining(refused.sentence())
                .hasMessageNotContaining("\n");
    }

    @Test
    void aLayerOfAnUnknownClassIsRefusedBeforeTheClassIsLoaded() {
        String json = images(convolution().build(), new BatchNormalization())
                .toJson()
                .replace("org.deeplearning4j.nn.conf.layers.BatchNormalization", "com.example.Secret");
        assertThatThrownBy(() -> model(new NetworkFile("x.json", json.getBytes(StandardCharsets.UTF_8)), DRAWINGS))
                .hasMessageContaining("layer 1 (layer1) is a com.example.Secret; supported are");
    }

    @Test
    void aClassOfNeitherLibraryAndADuplicateKeyAreRefused() {
        String json = images(convolution().build(), new BatchNormalization()).toJson();
        String foreign = json.replaceFirst("org\\.nd4j\\.linalg\\.activations\\.impl\\.\\w+", "com.example.Secret");
        assertThat(foreign).isNotEqualTo(json);
        assertThatThrownBy(() -> model(new NetworkFile("x.json", foreign.getBytes(StandardCharsets.UTF_8)), DRAWINGS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("names the class com.example.Secret; only classes of Deeplearning4j and ND4J");
        String twice = json.replaceFirst(
                "\"@class\"", "\"@class\" : \"org.deeplearning4j.nn.conf.layers.Deconvolution2D\", \"@class\"");
        assertThatThrownBy(() -> model(new NetworkFile("x.json", twice.getBytes(StandardCharsets.UTF_8)), DRAWINGS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("model.network is x.json, which is neither a zip nor JSON without double keys");
    }

    @Test
    void aStrideOfZeroIsRefused() {
        String json = images(convolution().build(), new BatchNormalization()).toJson();
        String still = json.replaceFirst("\"stride\" : \\[ 1, 1 ]", "\"stride\" : [ 0, 1 ]");
        assertThat(still).isNotEqualTo(json);
        assertThatThrownBy(() -> model(new NetworkFile("x.json", still.getBytes(StandardCharsets.UTF_8)), DRAWINGS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("stride [0, 1]");
    }

    @Test
    void channelsLastIsRefused() {
        MultiLayerConfiguration last = new NeuralNetConfiguration.Builder()
                .list()
                .layer(convolution().dataFormat(CNN2DFormat.NHWC).build())
                .layer(classes())
                .setInputType(InputType.convolutional(8, 8, 1, CNN2DFormat.NHWC))
                .build();
        assertThatThrownBy(() -> model(json(last), DRAWINGS))
                .hasMessageContaining("has cnn2dDataFormat NHWC; only NCHW is supported");
    }

    @Test
    void aFileWithoutANetworkIsRefusedWithASingleLineMessage() {
        assertThatThrownBy(() -> model(new NetworkFile("x", "not json".getBytes(StandardCharsets.UTF_8)), POINTS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("model.network is x, which is neither a zip nor JSON");
        assertThatThrownBy(() ->
                        model(new NetworkFile("x", "{\"vertices\": {}}".getBytes(StandardCharsets.UTF_8)), POINTS))
                .hasMessageStartingWith("model.network is x, which is a ComputationGraph; it must be");
        assertThatThrownBy(() -> model(new NetworkFile("x", "{}".getBytes(StandardCharsets.UTF_8)), POINTS))
                .hasMessageStartingWith("model.network is x, which is no network of Deeplearning4j");
    }

    @Test
    void aDamagedZipIsRefused() throws IOException {
        MultiLayerNetwork trained = new MultiLayerNetwork(
                layers(dense().nOut(4).build(), squaredError().nIn(4).build()));
        trained.init();
        byte[] whole = zip(trained).content();
        byte[] half = Arrays.copyOf(whole, whole.length / 2);
        assertThatThrownBy(() -> model(new NetworkFile("half.zip", half), POINTS))
                .isInstanceOf(BadDataException.class)
                .hasMessageStartingWith("model.network is half.zip");
        assertThatThrownBy(() -> model(zipOf("readme.txt", new byte[3]), POINTS))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("a zip without configuration.json");
        byte[] json = trained.getLayerWiseConfigurations().toJson().getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> model(zipOf("configuration.json", json), POINTS))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("a zip without coefficients.bin");
    }

    @Test
    void aZipThatUnpacksToMoreThanItsConfigurationNeedsIsRefused() throws IOException {
        byte[] json = layers(dense().nOut(4).build(), squaredError().nIn(4).build())
                .toJson()
                .getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("configuration.json"));
            zip.write(json);
            zip.putNextEntry(new ZipEntry("coefficients.bin"));
            for (int i = 0; i < 100; i++) {
                zip.write(new byte[1 << 16]);
            }
        }
        assertThatThrownBy(() -> model(new NetworkFile("bomb.zip", bytes.toByteArray()), POINTS))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("whose coefficients.bin has more than the 65744 bytes it may have");
    }

    private static Refused refusedImages(Layer first, String sentence) {
        return new Refused(images(first, new ActivationLayer(Activation.RELU)), DRAWINGS, sentence);
    }

    private static ConvolutionLayer.Builder convolution() {
        return new ConvolutionLayer.Builder(3, 3).nOut(3).activation(Activation.IDENTITY);
    }

    private static DenseLayer.Builder dense() {
        return new DenseLayer.Builder().nIn(3).activation(Activation.RELU);
    }

    private static OutputLayer.Builder squaredError() {
        return new OutputLayer.Builder(LossFunctions.LossFunction.MSE).nOut(2).activation(Activation.IDENTITY);
    }

    private static OutputLayer classes() {
        return new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .nOut(5)
                .activation(Activation.SOFTMAX)
                .build();
    }

    private static MultiLayerConfiguration layers(Layer... layers) {
        NeuralNetConfiguration.ListBuilder list = new NeuralNetConfiguration.Builder().list();
        List.of(layers).forEach(list::layer);
        return list.validateOutputLayerConfig(false).build();
    }

    /** Two layers and an output for images of one channel and 8x8 pixels. */
    private static MultiLayerConfiguration images(Layer first, Layer second) {
        return new NeuralNetConfiguration.Builder()
                .list()
                .layer(first)
                .layer(second)
                .layer(classes())
                .setInputType(InputType.convolutional(8, 8, 1))
                .build();
    }

    private static NetworkFile json(MultiLayerConfiguration theirs) {
        return new NetworkFile("their.json", theirs.toJson().getBytes(StandardCharsets.UTF_8));
    }

    private static NetworkFile zip(MultiLayerNetwork network) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ModelSerializer.writeModel(network, bytes, true);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return new NetworkFile("trained.zip", bytes.toByteArray());
    }

    private static NetworkFile zipOf(String name, byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry(name));
            zip.write(content);
        }
        return new NetworkFile("x.zip", bytes.toByteArray());
    }

    private static Model model(NetworkFile file, EpisodeLayout episode) {
        return ModelFactory.of(new ModelSettings(file.place(), "preset", "query", Optional.of(file)), episode);
    }

    private static FlatVector initial(Model model, long seed) {
        FlatVector theta = FlatVector.zeros(Precision.DOUBLE, model.parameters().size());
        model.initialise(seed, theta);
        return theta;
    }
}
