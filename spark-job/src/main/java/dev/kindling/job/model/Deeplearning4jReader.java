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
 * Makes layers from a configuration, one for each of its own, so that parameters keep their names. What is set and would
 * change results is refused; what only Deeplearning4j's own training looks at (updaters, seeds, data types, workspaces,
 * batch norm's decay) is passed over.
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
     * @param chosen how all weights begin; empty if the configuration says so
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

    /** Refuses a layer by the class that JSON names, before that class is loaded. */
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

    /** Whether layers of the class of this name can be read. */
    static boolean supports(String type) {
        return SUPPORTED.stream().anyMatch(supported -> supported.getName().equals(type));
    }

    /** The simple names of the classes that can be read. */
    static List<String> supported() {
        return SUPPORTED.stream().map(Class::getSimpleName).toList();
    }

    /** The layers for episodes of the given shapes; IllegalArgumentException naming the first thing that does not fit. */
    List<Network.Placed> layers() {
        List<Network.Placed> layers = new ArrayList<>();
        Shape shape = episode.features();
        for (int i = 0; i < configuration.getConfs().size(); i++) {
            Spot spot = new Spot(file.subject(), i, configuration.getConf(i).getLayer());
            if (!SUPPORTED.contains(spot.layer().getClass())) {
                throw spot.refusal("is not supported; supported are " + String.join(", ", supported()));
            }
            spot.require("minimize", configuration.getConf(i).isMinimize(), true);
            // Without it Deeplearning4j does not divide a gradient by the batch.
            spot.require("miniBatch", configuration.getConf(i).isMiniBatch(), true);
            boolean last = i == configuration.getConfs().size() - 1;
            if (last != spot.layer() instanceof OutputLayer) {
                throw spot.refusal("stands " + (last ? "last" : "before others")
                        + "; the last layer, and no other, must " + "be an OutputLayer");
            }
            Shape before = shape;
            Network.Placed placed = spot.fitting(() -> placed(spot, preprocessor(spot.index()), before));
            shape = spot.fitting(() -> placed.layer().output(before));
            requireCountable(spot, shape);
            layers.add(placed);
        }
        return layers;
    }

    private @Nullable InputPreProcessor preprocessor(int layer) {
        return configuration.getInputPreProcessors() == null ? null : configuration.getInputPreProcess(layer);
    }

    /** What a layer gives for the examples of a task must be countable in an int, as all shapes are. */
    private void requireCountable(Spot spot, Shape example) {
        int examples = Math.max(1, Math.max(episode.support(), episode.query()));
        spot.fitting(() -> example.stacked(examples));
    }

    private Network.Placed placed(Spot spot, @Nullable InputPreProcessor preprocessor, Shape before) {
        List<Layer> front = new ArrayList<>();
        Shape shape = before;
        Shape wanted = preprocessor == null ? unprocessed(spot, before) : processed(spot, preprocessor, before);
        if (!wanted.equals(before)) {
            front.add(new Reshape(wanted));
            shape = wanted;
        }
        if (spot.layer() instanceof ConvolutionLayer
                || spot.layer() instanceof DenseLayer
                || spot.layer() instanceof OutputLayer) {
            Deeplearning4jTerms.dropout(spot, spot.layer().getIDropout()).ifPresent(front::add);
        }
        Initializer initializer = chosen.orElseGet(() -> Deeplearning4jTerms.initializer(spot));
        return new Network.Placed(Preceded.of(front, layer(spot, shape)), initializer);
    }

    /** The shape behind a preprocessor, which may find it as it wants it already. */
    private static Shape processed(Spot spot, InputPreProcessor preprocessor, Shape before) {
        if (preprocessor.getClass() == FeedForwardToCnnPreProcessor.class) {
            FeedForwardToCnnPreProcessor toImages = (FeedForwardToCnnPreProcessor) preprocessor;
            Shape image = image(spot, toImages.getNumChannels(), toImages.getInputHeight(), toImages.getInputWidth());
            requireImage(
                    spot, before.rank() == 3 ? before.equals(image) : before.size() == image.size(), before, image);
            return image;
        }
        if (preprocessor.getClass() == CnnToFeedForwardPreProcessor.class) {
            CnnToFeedForwardPreProcessor toRows = (CnnToFeedForwardPreProcessor) preprocessor;
            spot.require("a preprocessor of format", toRows.getFormat(), CNN2DFormat.NCHW);
            Shape image = image(spot, toRows.getNumChannels(), toRows.getInputHeight(), toRows.getInputWidth());
            requireImage(spot, before.rank() != 3 || before.equals(image), before, image);
            return Shape.of(before.size());
        }
        throw spot.refusal("has the preprocessor " + preprocessor.getClass().getName() + "; supported are "
                + FeedForwardToCnnPreProcessor.class.getSimpleName() + " and "
                + CnnToFeedForwardPreProcessor.class.getSimpleName());
    }

    private static Shape image(Spot spot, long channels, long height, long width) {
        if (Math.max(channels, Math.max(height, width)) > Integer.MAX_VALUE) {
            throw spot.refusal("has a preprocessor for images [" + channels + ", " + height + ", " + width
                    + "]; extents may be " + Integer.MAX_VALUE);
        }
        return Shape.of((int) channels, (int) height, (int) width);
    }

    private static void requireImage(Spot spot, boolean holds, Shape before, Shape image) {
        if (!holds) {
            throw spot.refusal("has a preprocessor for images " + image + "; it gets examples of shape " + before);
        }
    }

    /** The shape that a layer without preprocessor gets: images that come first may become rows, as if given so. */
    private static Shape unprocessed(Spot spot, Shape before) {
        boolean rows = spot.layer() instanceof DenseLayer || spot.layer() instanceof OutputLayer;
        boolean units = spot.layer() instanceof BatchNormalization norm
                && norm.getNOut() == before.size()
                && norm.getNOut() != before.dim(0);
        if (before.rank() != 3 || !(rows || units)) {
            return before;
        }
        if (spot.index() > 0) {
            throw spot.refusal("gets images " + before + " and has no preprocessor; Deeplearning4j wants a "
                    + CnnToFeedForwardPreProcessor.class.getSimpleName());
        }
        return Shape.of(before.size());
    }

    private Layer layer(Spot spot, Shape input) {
        spot.requireNone("constraints", spot.layer().getConstraints());
        if (spot.layer() instanceof BaseLayer base) {
            requirePlain(spot, base);
        }
        if (spot.layer() instanceof ConvolutionLayer convolution) {
            return convolution(spot, convolution, input);
        }
        if (spot.layer() instanceof SubsamplingLayer pooling) {
            return pooling(spot, pooling, input);
        }
        if (spot.layer() instanceof GlobalPoolingLayer pooling) {
            return globalPooling(spot, pooling);
        }
        if (spot.layer() instanceof BatchNormalization norm) {
            return batchNorm(spot, norm, input);
        }
        if (spot.layer() instanceof DenseLayer dense) {
            spot.require("hasLayerNorm", dense.isHasLayerNorm(), false);
            return dense(
                    spot,
                    dense,
                    dense.isHasBias(),
                    Deeplearning4jTerms.activation(spot, dense.getActivationFn()),
                    input);
        }
        if (spot.layer() instanceof OutputLayer output) {
            return output(spot, output, input);
        }
        if (spot.layer() instanceof DropoutLayer dropout) {
            return Deeplearning4jTerms.dropout(spot, dropout.getIDropout()).orElse(Activation.IDENTITY);
        }
        return Deeplearning4jTerms.activation(spot, ((ActivationLayer) spot.layer()).getActivationFn());
    }

    /** What layers with weights may not have. Deeplearning4j itself regularises neither batch norm nor dropout. */
    private static void requirePlain(Spot spot, BaseLayer layer) {
        boolean weighted = !(layer instanceof BatchNormalization || layer instanceof DropoutLayer);
        if (weighted) {
            spot.requireNone("regularization", layer.getRegularization());
            spot.requireNone("regularizationBias", layer.getRegularizationBias());
            spot.requireAbsent("weightNoise", layer.getWeightNoise());
        }
        Deeplearning4jTerms.requireNoGradientNormalization(spot, layer.getGradientNormalization());
    }

    private Layer convolution(Spot spot, ConvolutionLayer layer, Shape input) {
        spot.require("cnn2dDataFormat", layer.getCnn2dDataFormat(), CNN2DFormat.NCHW);
        spot.requireOnes("dilation", layer.getDilation());
        int channels = spot.inputs(layer.getNIn(), input.dim(0), input);
        Sliding sliding = sliding(
                spot,
                layer.getConvolutionMode(),
                new int[][] {layer.getKernelSize(), layer.getStride(), layer.getPadding()},
                input);
        return new Convolution(
                channels,
                spot.outputs(layer.getNOut()),
                sliding,
                layer.isHasBias(),
                Deeplearning4jTerms.activation(spot, layer.getActivationFn()));
    }

    private static Layer pooling(Spot spot, SubsamplingLayer layer, Shape input) {
        spot.require("cnn2dDataFormat", layer.getCnn2dDataFormat(), CNN2DFormat.NCHW);
        spot.requireOnes("dilation", layer.getDilation());
        Sliding sliding = sliding(
                spot,
                layer.getConvolutionMode(),
                new int[][] {layer.getKernelSize(), layer.getStride(), layer.getPadding()},
                input);
        if (layer.getPoolingType() == PoolingType.AVG) {
            if (sliding.same() || sliding.top() > 0 || sliding.left() > 0) {
                spot.require("avgPoolIncludePadInDivisor", layer.isAvgPoolIncludePadInDivisor(), false);
            }
            return new Pooling(Pooling.Kind.AVERAGE, sliding);
        }
        spot.require("poolingType", layer.getPoolingType(), PoolingType.MAX);
        return new Pooling(Pooling.Kind.MAXIMUM, sliding);
    }

    /**
     * The window of a layer.
     *
     * @param extents kernel, strides and padding, rows before columns
     */
    private static Sliding sliding(Spot spot, ConvolutionMode mode, int[][] extents, Shape input) {
        if (input.rank() != 3) {
            throw spot.refusal("gets examples of shape " + input + "; it must get images [channels, height, width]");
        }
        int[] kernel = extents[0];
        int[] stride = extents[1];
        int[] padding = extents[2];
        if (Stream.of(extents).anyMatch(pair -> pair == null || pair.length != 2)) {
            throw spot.refusal("does not say kernel, stride and padding in two dimensions each");
        }
        if (Math.min(Math.min(kernel[0], kernel[1]), Math.min(stride[0], stride[1])) < 1
                || Math.min(padding[0], padding[1]) < 0) {
            throw spot.refusal("has kernelSize " + Arrays.toString(kernel) + ", stride " + Arrays.toString(stride)
                    + " and padding " + Arrays.toString(padding)
                    + "; kernel and stride must be at least 1, padding at least 0");
        }
        requireBounded(spot, extents, mode, input);
        if (mode == ConvolutionMode.Same) {
            return new Sliding(kernel[0], kernel[1], stride[0], stride[1], true, 0, 0);
        }
        if (mode == ConvolutionMode.Strict) {
            for (int axis = 0; axis < 2; axis++) {
                int rest = (input.dim(axis + 1) + 2 * padding[axis] - kernel[axis]) % stride[axis];
                if (rest != 0) {
                    throw spot.refusal(
                            "has convolutionMode Strict, and its windows of " + kernel[axis] + " with stride "
                                    + stride[axis] + " and padding " + padding[axis] + " leave " + rest + " of "
                                    + input.dim(axis + 1) + " pixels over");
                }
            }
        } else if (mode != null) {
            spot.require("convolutionMode", mode, ConvolutionMode.Truncate);
        }
        return new Sliding(kernel[0], kernel[1], stride[0], stride[1], false, padding[0], padding[1]);
    }

    /** Windows that see nothing but padding, and windows beyond which there is nothing more to see, only cost time. */
    private static void requireBounded(Spot spot, int[][] extents, @Nullable ConvolutionMode mode, Shape input) {
        boolean pooling = spot.layer() instanceof SubsamplingLayer;
        for (int axis = 0; axis < 2; axis++) {
            int kernel = extents[0][axis];
            int pixels = input.dim(axis + 1);
            if (kernel > 2L * pixels) {
                throw spot.refusal("has a kernel of " + kernel + " over images of " + pixels
                        + " pixels; it may be twice as long as the image at most");
            }
            int most = pooling ? kernel / 2 : kernel - 1;
            if (mode != ConvolutionMode.Same && extents[2][axis] > most) {
                throw spot.refusal("has padding " + extents[2][axis] + " for a kernel of " + kernel
                        + "; it may be at most " + most);
            }
        }
    }

    private static Layer globalPooling(Spot spot, GlobalPoolingLayer layer) {
        spot.require("collapseDimensions", layer.isCollapseDimensions(), true);
        int[] dimensions = layer.getPoolingDimensions();
        if (dimensions != null && !(dimensions.length == 2 && dimensions[0] == 2 && dimensions[1] == 3)) {
            throw spot.refusal("pools other dimensions than those of the pixels, 2 and 3");
        }
        return switch (spot.present("poolingType", layer.getPoolingType())) {
            case AVG -> GlobalPooling.AVERAGE;
            case MAX -> GlobalPooling.MAXIMUM;
            case SUM -> GlobalPooling.SUM;
            default -> throw spot.refusal("has poolingType " + layer.getPoolingType() + "; it must be AVG, MAX or SUM");
        };
    }

    private Layer batchNorm(Spot spot, BatchNormalization layer, Shape input) {
        spot.require("lockGammaBeta", layer.isLockGammaBeta(), false);
        spot.require("minibatch", layer.isMinibatch(), true);
        spot.require("cnn2DFormat", layer.getCnn2DFormat(), CNN2DFormat.NCHW);
        if (chosen.isEmpty()) {
            spot.require("gamma", layer.getGamma(), 1.0);
            spot.require("beta", layer.getBeta(), 0.0);
        }
        if (!(layer.getEps() >= 0 && layer.getEps() <= Float.MAX_VALUE)) {
            throw spot.refusal("has eps " + layer.getEps() + "; it must be a number of at least 0");
        }
        int units = spot.inputs(layer.getNIn(), input.dim(0), input);
        spot.require("nOut", layer.getNOut() == 0 ? (long) units : layer.getNOut(), (long) units);
        return new BatchNorm(units, layer.getEps());
    }

    private Layer output(Spot spot, OutputLayer layer, Shape input) {
        Deeplearning4jTerms.requireLoss(spot, layer, episode.classification());
        if (layer.getNOut() != 0 && layer.getNOut() != episode.outputs()) {
            throw spot.refusal("has nOut " + layer.getNOut() + "; it must be " + episode.outputs() + ", the "
                    + (episode.classification() ? "ways" : "targets") + " of a task");
        }
        int in = spot.inputs(layer.getNIn(), input.size(), input);
        return layer.isHasBias()
                ? Dense.withBias(in, episode.outputs(), Activation.IDENTITY)
                : Dense.withoutBias(in, episode.outputs(), Activation.IDENTITY);
    }

    private static Layer dense(Spot spot, DenseLayer layer, boolean biased, Activation activation, Shape input) {
        int in = spot.inputs(layer.getNIn(), input.size(), input);
        int out = spot.outputs(layer.getNOut());
        return biased ? Dense.withBias(in, out, activation) : Dense.withoutBias(in, out, activation);
    }
}
