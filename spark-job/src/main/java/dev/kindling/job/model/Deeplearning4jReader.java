package dev.kindling.job.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.jspecify.annotations.Nullable;

/**
 * Converts a Deeplearning4j configuration into layers, one for each of its layers, so that parameters keep their names. An
 * unsupported setting that would change results is refused; settings that only affect Deeplearning4j's own training
 * (updaters, seeds, data types, workspaces, batch norm's decay) are ignored.
 */
final class Deeplearning4jReader {
    private static final List<Class<?>> SUPPORTED = List.of(
            ConvolutionLayer.class,
            SubsamplingLayer.class,
            GlobalPoolingLayer.class,
            BatchNormalization.class,
            DenseLayer.class,
            ActivationLayer.class,
            DropoutLayer.class,
            OutputLayer.class);

    private final NetworkFile file;
    private final MultiLayerConfiguration configuration;
    private final EpisodeLayout episode;
    private final Optional<Initializer> chosen;

    /**
     * A reader of one configuration.
     *
     * @param chosen the initialiser of all weights; empty to use those of the configuration
     */
    Deeplearning4jReader(
            NetworkFile file,
            MultiLayerConfiguration configuration,
            EpisodeLayout episode,
            Optional<Initializer> chosen) {
        this.file = file;
        this.configuration = configuration;
        this.episode = episode;
        this.chosen = chosen;
    }

    /** Refuses an unsupported layer by the class name in the JSON, before that class is loaded. */
    static void refuseUnsupported(NetworkFile file, int index, JsonNode layer) {
        String type = layer.path("@class").asText("");
        if (!supports(type)) {
            String name = layer.path("layerName").asText("");
            throw file.refused("whose layer " + index
                    + (name.isEmpty() ? "" : " (" + NetworkFile.shown(name) + ")") + " is "
                    + (type.isEmpty() ? "of no class that the file names" : "a " + NetworkFile.shown(type))
                    + "; supported are " + String.join(", ", supported()));
        }
    }

    /** Whether layers of the named class are supported. */
    static boolean supports(String type) {
        return SUPPORTED.stream().anyMatch(supported -> supported.getName().equals(type));
    }

    /** The simple names of the supported classes. */
    static List<String> supported() {
        return SUPPORTED.stream().map(Class::getSimpleName).toList();
    }

    /**
     * The layers for the episode's shapes; IllegalArgumentException naming the first layer that is not supported or
     * does not fit.
     */
    List<Network.InitializedLayer> layers() {
        List<Network.InitializedLayer> layers = new ArrayList<>();
        Shape shape = episode.features();
        for (int i = 0; i < configuration.getConfs().size(); i++) {
            Deeplearning4jLayerContext layerContext = new Deeplearning4jLayerContext(
                    file.subject(), i, configuration.getConf(i).getLayer());
            if (!SUPPORTED.contains(layerContext.layer().getClass())) {
                throw layerContext.refusal("is not supported; supported are " + String.join(", ", supported()));
            }
            layerContext.require("minimize", configuration.getConf(i).isMinimize(), true);
            // Otherwise Deeplearning4j does not divide a gradient by the batch size.
            layerContext.require("miniBatch", configuration.getConf(i).isMiniBatch(), true);
            boolean last = i == configuration.getConfs().size() - 1;
            if (last != layerContext.layer() instanceof OutputLayer) {
                throw layerContext.refusal("is " + (last ? "the last layer" : "not the last layer")
                        + "; the last layer, and no other, must " + "be an OutputLayer");
            }
            Shape before = shape;
            Network.InitializedLayer initializedLayer = layerContext.namingLayer(
                    () -> initialized(layerContext, preprocessor(layerContext.index()), before));
            shape = layerContext.namingLayer(() -> initializedLayer.layer().output(before));
            requireCountable(layerContext, shape);
            layers.add(initializedLayer);
        }
        return layers;
    }

    private @Nullable InputPreProcessor preprocessor(int layer) {
        return configuration.getInputPreProcessors() == null ? null : configuration.getInputPreProcess(layer);
    }

    /** Refuses a layer whose output for a task has more numbers than an int can count. */
    private void requireCountable(Deeplearning4jLayerContext layerContext, Shape example) {
        int examples = Math.max(1, Math.max(episode.support(), episode.query()));
        layerContext.namingLayer(() -> example.stacked(examples));
    }

    private Network.InitializedLayer initialized(
            Deeplearning4jLayerContext layerContext, @Nullable InputPreProcessor preprocessor, Shape before) {
        List<Layer> preceding = new ArrayList<>();
        Shape shape = before;
        Shape required = preprocessor == null
                ? unprocessed(layerContext, before)
                : processed(layerContext, preprocessor, before);
        if (!required.equals(before)) {
            preceding.add(new Reshape(required));
            shape = required;
        }
        if (layerContext.layer() instanceof ConvolutionLayer
                || layerContext.layer() instanceof DenseLayer
                || layerContext.layer() instanceof OutputLayer) {
            Deeplearning4jMappings.dropout(layerContext, layerContext.layer().getIDropout())
                    .ifPresent(preceding::add);
        }
        Initializer initializer = chosen.orElseGet(() -> Deeplearning4jMappings.initializer(layerContext));
        return new Network.InitializedLayer(WithPreprocessor.of(preceding, layer(layerContext, shape)), initializer);
    }

    /** The shape after a preprocessor, which may equal the shape before it. */
    private static Shape processed(
            Deeplearning4jLayerContext layerContext, InputPreProcessor preprocessor, Shape before) {
        if (preprocessor.getClass() == FeedForwardToCnnPreProcessor.class) {
            FeedForwardToCnnPreProcessor toImages = (FeedForwardToCnnPreProcessor) preprocessor;
            Shape image =
                    image(layerContext, toImages.getNumChannels(), toImages.getInputHeight(), toImages.getInputWidth());
            requireImage(
                    layerContext,
                    before.rank() == 3 ? before.equals(image) : before.size() == image.size(),
                    before,
                    image);
            return image;
        }
        if (preprocessor.getClass() == CnnToFeedForwardPreProcessor.class) {
            CnnToFeedForwardPreProcessor toRows = (CnnToFeedForwardPreProcessor) preprocessor;
            layerContext.require("a preprocessor of format", toRows.getFormat(), CNN2DFormat.NCHW);
            Shape image = image(layerContext, toRows.getNumChannels(), toRows.getInputHeight(), toRows.getInputWidth());
            requireImage(layerContext, before.rank() != 3 || before.equals(image), before, image);
            return Shape.of(before.size());
        }
        throw layerContext.refusal(
                "has the preprocessor " + preprocessor.getClass().getName() + "; supported are "
                        + FeedForwardToCnnPreProcessor.class.getSimpleName() + " and "
                        + CnnToFeedForwardPreProcessor.class.getSimpleName());
    }

    private static Shape image(Deeplearning4jLayerContext layerContext, long channels, long height, long width) {
        if (Math.max(channels, Math.max(height, width)) > Integer.MAX_VALUE) {
            throw layerContext.refusal("has a preprocessor for images [" + channels + ", " + height + ", " + width
                    + "]; extents may be " + Integer.MAX_VALUE);
        }
        return Shape.of((int) channels, (int) height, (int) width);
    }

    private static void requireImage(
            Deeplearning4jLayerContext layerContext, boolean holds, Shape before, Shape image) {
        if (!holds) {
            throw layerContext.refusal(
                    "has a preprocessor for images " + image + "; it gets examples of shape " + before);
        }
    }

    /** The input shape of a layer without preprocessor; if it is the first layer, images may be flattened. */
    private static Shape unprocessed(Deeplearning4jLayerContext layerContext, Shape before) {
        boolean rows = layerContext.layer() instanceof DenseLayer || layerContext.layer() instanceof OutputLayer;
        boolean units = layerContext.layer() instanceof BatchNormalization norm
                && norm.getNOut() == before.size()
                && norm.getNOut() != before.dim(0);
        if (before.rank() != 3 || !(rows || units)) {
            return before;
        }
        if (layerContext.index() > 0) {
            throw layerContext.refusal("gets images " + before + " and has no preprocessor; Deeplearning4j requires a "
                    + CnnToFeedForwardPreProcessor.class.getSimpleName());
        }
        return Shape.of(before.size());
    }

    private Layer layer(Deeplearning4jLayerContext layerContext, Shape input) {
        layerContext.requireNone("constraints", layerContext.layer().getConstraints());
        if (layerContext.layer() instanceof BaseLayer base) {
            requirePlain(layerContext, base);
        }
        if (layerContext.layer() instanceof ConvolutionLayer convolution) {
            return convolution(layerContext, convolution, input);
        }
        if (layerContext.layer() instanceof SubsamplingLayer pooling) {
            return pooling(layerContext, pooling, input);
        }
        if (layerContext.layer() instanceof GlobalPoolingLayer pooling) {
            return globalPooling(layerContext, pooling);
        }
        if (layerContext.layer() instanceof BatchNormalization norm) {
            return batchNorm(layerContext, norm, input);
        }
        if (layerContext.layer() instanceof DenseLayer dense) {
            layerContext.require("hasLayerNorm", dense.isHasLayerNorm(), false);
            return dense(
                    layerContext,
                    dense,
                    dense.isHasBias(),
                    Deeplearning4jMappings.activation(layerContext, dense.getActivationFn()),
                    input);
        }
        if (layerContext.layer() instanceof OutputLayer output) {
            return output(layerContext, output, input);
        }
        if (layerContext.layer() instanceof DropoutLayer dropout) {
            return Deeplearning4jMappings.dropout(layerContext, dropout.getIDropout())
                    .orElse(Activation.IDENTITY);
        }
        return Deeplearning4jMappings.activation(
                layerContext, ((ActivationLayer) layerContext.layer()).getActivationFn());
    }

    /** Refuses unsupported settings of layers with weights. Deeplearning4j regularises neither batch norm nor dropout. */
    private static void requirePlain(Deeplearning4jLayerContext layerContext, BaseLayer layer) {
        boolean weighted = !(layer instanceof BatchNormalization || layer instanceof DropoutLayer);
        if (weighted) {
            layerContext.requireNone("regularization", layer.getRegularization());
            layerContext.requireNone("regularizationBias", layer.getRegularizationBias());
            layerContext.requireAbsent("weightNoise", layer.getWeightNoise());
        }
        Deeplearning4jMappings.requireNoGradientNormalization(layerContext, layer.getGradientNormalization());
    }

    private Layer convolution(Deeplearning4jLayerContext layerContext, ConvolutionLayer layer, Shape input) {
        layerContext.require("cnn2dDataFormat", layer.getCnn2dDataFormat(), CNN2DFormat.NCHW);
        layerContext.requireOnes("dilation", layer.getDilation());
        int channels = layerContext.inputs(layer.getNIn(), input.dim(0), input);
        WindowSpec windowSpec = window(
                layerContext,
                layer.getConvolutionMode(),
                new int[][] {layer.getKernelSize(), layer.getStride(), layer.getPadding()},
                input);
        return new Convolution(
                channels,
                layerContext.outputs(layer.getNOut()),
                windowSpec,
                layer.isHasBias(),
                Deeplearning4jMappings.activation(layerContext, layer.getActivationFn()));
    }

    private static Layer pooling(Deeplearning4jLayerContext layerContext, SubsamplingLayer layer, Shape input) {
        layerContext.require("cnn2dDataFormat", layer.getCnn2dDataFormat(), CNN2DFormat.NCHW);
        layerContext.requireOnes("dilation", layer.getDilation());
        WindowSpec windowSpec = window(
                layerContext,
                layer.getConvolutionMode(),
                new int[][] {layer.getKernelSize(), layer.getStride(), layer.getPadding()},
                input);
        if (layer.getPoolingType() == PoolingType.AVG) {
            if (windowSpec.same() || windowSpec.top() > 0 || windowSpec.left() > 0) {
                layerContext.require("avgPoolIncludePadInDivisor", layer.isAvgPoolIncludePadInDivisor(), false);
            }
            return new Pooling(Pooling.Kind.AVERAGE, windowSpec);
        }
        layerContext.require("poolingType", layer.getPoolingType(), PoolingType.MAX);
        return new Pooling(Pooling.Kind.MAXIMUM, windowSpec);
    }

    /**
     * The window of a convolution or pooling.
     *
     * @param extents kernel, strides and padding, rows before columns
     */
    private static WindowSpec window(
            Deeplearning4jLayerContext layerContext, ConvolutionMode mode, int[][] extents, Shape input) {
        if (input.rank() != 3) {
            throw layerContext.refusal(
                    "gets examples of shape " + input + "; it must get images [channels, height, width]");
        }
        int[] kernel = extents[0];
        int[] stride = extents[1];
        int[] padding = extents[2];
        if (Stream.of(extents).anyMatch(pair -> pair == null || pair.length != 2)) {
            throw layerContext.refusal("lacks kernel, stride or padding, which must have two dimensions each");
        }
        if (Math.min(Math.min(kernel[0], kernel[1]), Math.min(stride[0], stride[1])) < 1
                || Math.min(padding[0], padding[1]) < 0) {
            throw layerContext.refusal(
                    "has kernelSize " + Arrays.toString(kernel) + ", stride " + Arrays.toString(stride)
                            + " and padding " + Arrays.toString(padding)
                            + "; kernel and stride must be at least 1, padding at least 0");
        }
        requireBounded(layerContext, extents, mode, input);
        if (mode == ConvolutionMode.Same) {
            return new WindowSpec(kernel[0], kernel[1], stride[0], stride[1], true, 0, 0);
        }
        if (mode == ConvolutionMode.Strict) {
            for (int axis = 0; axis < 2; axis++) {
                int rest = (input.dim(axis + 1) + 2 * padding[axis] - kernel[axis]) % stride[axis];
                if (rest != 0) {
                    throw layerContext.refusal(
                            "has convolutionMode Strict, and its windows of " + kernel[axis] + " with stride "
                                    + stride[axis] + " and padding " + padding[axis] + " leave " + rest + " of "
                                    + input.dim(axis + 1) + " pixels over");
                }
            }
        } else if (mode != null) {
            layerContext.require("convolutionMode", mode, ConvolutionMode.Truncate);
        }
        return new WindowSpec(kernel[0], kernel[1], stride[0], stride[1], false, padding[0], padding[1]);
    }

    /** Windows that see nothing but padding, and windows beyond which there is nothing more to see, only cost time. */
    private static void requireBounded(
            Deeplearning4jLayerContext layerContext, int[][] extents, @Nullable ConvolutionMode mode, Shape input) {
        boolean pooling = layerContext.layer() instanceof SubsamplingLayer;
        for (int axis = 0; axis < 2; axis++) {
            int kernel = extents[0][axis];
            int pixels = input.dim(axis + 1);
            if (kernel > 2L * pixels) {
                throw layerContext.refusal("has a kernel of " + kernel + " over images of " + pixels
                        + " pixels; it may be twice as long as the image at most");
            }
            int most = pooling ? kernel / 2 : kernel - 1;
            if (mode != ConvolutionMode.Same && extents[2][axis] > most) {
                throw layerContext.refusal("has padding " + extents[2][axis] + " for a kernel of " + kernel
                        + "; it may be at most " + most);
            }
        }
    }

    private static Layer globalPooling(Deeplearning4jLayerContext layerContext, GlobalPoolingLayer layer) {
        layerContext.require("collapseDimensions", layer.isCollapseDimensions(), true);
        int[] dimensions = layer.getPoolingDimensions();
        if (dimensions != null && !(dimensions.length == 2 && dimensions[0] == 2 && dimensions[1] == 3)) {
            throw layerContext.refusal("pools other dimensions than those of the pixels, 2 and 3");
        }
        return switch (layerContext.present("poolingType", layer.getPoolingType())) {
            case AVG -> GlobalPooling.AVERAGE;
            case MAX -> GlobalPooling.MAXIMUM;
            case SUM -> GlobalPooling.SUM;
            default ->
                throw layerContext.refusal(
                        "has poolingType " + layer.getPoolingType() + "; it must be AVG, MAX or SUM");
        };
    }

    private Layer batchNorm(Deeplearning4jLayerContext layerContext, BatchNormalization layer, Shape input) {
        layerContext.require("lockGammaBeta", layer.isLockGammaBeta(), false);
        layerContext.require("minibatch", layer.isMinibatch(), true);
        layerContext.require("cnn2DFormat", layer.getCnn2DFormat(), CNN2DFormat.NCHW);
        if (chosen.isEmpty()) {
            layerContext.require("gamma", layer.getGamma(), 1.0);
            layerContext.require("beta", layer.getBeta(), 0.0);
        }
        if (!(layer.getEps() >= 0 && layer.getEps() <= Float.MAX_VALUE)) {
            throw layerContext.refusal("has eps " + layer.getEps() + "; it must be a number of at least 0");
        }
        int units = layerContext.inputs(layer.getNIn(), input.dim(0), input);
        layerContext.require("nOut", layer.getNOut() == 0 ? (long) units : layer.getNOut(), (long) units);
        return new BatchNorm(units, layer.getEps());
    }

    private Layer output(Deeplearning4jLayerContext layerContext, OutputLayer layer, Shape input) {
        Deeplearning4jMappings.requireLoss(layerContext, layer, episode.classification());
        if (layer.getNOut() != 0 && layer.getNOut() != episode.outputs()) {
            throw layerContext.refusal("has nOut " + layer.getNOut() + "; it must be " + episode.outputs() + ", the "
                    + (episode.classification() ? "ways" : "targets") + " of a task");
        }
        int in = layerContext.inputs(layer.getNIn(), input.size(), input);
        return layer.isHasBias()
                ? Dense.withBias(in, episode.outputs(), Activation.IDENTITY)
                : Dense.withoutBias(in, episode.outputs(), Activation.IDENTITY);
    }

    private static Layer dense(
            Deeplearning4jLayerContext layerContext,
            DenseLayer layer,
            boolean biased,
            Activation activation,
            Shape input) {
        int in = layerContext.inputs(layer.getNIn(), input.size(), input);
        int out = layerContext.outputs(layer.getNOut());
        return biased ? Dense.withBias(in, out, activation) : Dense.withoutBias(in, out, activation);
    }
}
