package dev.kindling.job.model;

import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Converts a network into a Deeplearning4j configuration with the same layers. */
final class Deeplearning4jWriter {
    /**
     * The seed of Deeplearning4j's own random numbers; its default is the time of day, so that no two exports would be
     * equal.
     */
    private static final long SEED = 1;

    private Deeplearning4jWriter() {}

    /**
     * The configuration of a network that was not read from a file, for examples of the given shape.
     *
     * @throws IllegalArgumentException if Deeplearning4j lacks one of its parts
     */
    static MultiLayerConfiguration configuration(Network network, Shape features) {
        if (network.skips()) {
            throw new IllegalArgumentException(
                    "model.skip is true; Deeplearning4j's networks of layers in sequence have no skip");
        }
        NeuralNetConfiguration.ListBuilder list =
                new NeuralNetConfiguration.Builder().seed(SEED).list();
        List<Layer> layers = network.layers();
        Shape shape = features;
        for (int i = 0; i < layers.size(); i++) {
            Layer layer = layers.get(i);
            boolean last = i == layers.size() - 1;
            list.layer(i, last ? output((Dense) layer, network.loss()) : deeplearning4jLayer(layer));
            if (layer instanceof Dense && shape.rank() == 3) {
                list.inputPreProcessor(i, new CnnToFeedForwardPreProcessor(shape.dim(1), shape.dim(2), shape.dim(0)));
            }
            shape = layer.output(shape);
        }
        return list.build();
    }

    /**
     * Completes a configuration for export: data type, inferred numbers of inputs, and plain gradient descent as the updater of
     * every layer.
     *
     * @param rate learning rate of the updater
     */
    static void complete(MultiLayerConfiguration configuration, Layout parameters, Precision precision, double rate) {
        DataType type = precision == Precision.FLOAT ? DataType.FLOAT : DataType.DOUBLE;
        configuration.setDataType(type);
        for (int i = 0; i < configuration.getConfs().size(); i++) {
            configuration.getConf(i).setDataType(type);
            if (configuration.getConf(i).getLayer() instanceof BaseLayer base) {
                base.setIUpdater(new Sgd(rate));
                base.setBiasUpdater(null);
            }
            if (configuration.getConf(i).getLayer() instanceof FeedForwardLayer layer) {
                setInputsAndOutputs(layer, i, parameters);
            }
        }
    }

    private static void setInputsAndOutputs(FeedForwardLayer layer, int index, Layout parameters) {
        String weights = index + "_W";
        String scale = index + "_gamma";
        if (parameters.has(weights)) {
            Shape shape = parameters.shape(weights);
            boolean convolution = shape.rank() == 4;
            layer.setNIn(shape.dim(convolution ? 1 : 0));
            layer.setNOut(shape.dim(convolution ? 0 : 1));
        } else if (parameters.has(scale)) {
            layer.setNIn(parameters.shape(scale).dim(1));
            layer.setNOut(parameters.shape(scale).dim(1));
        }
    }

    private static org.deeplearning4j.nn.conf.layers.Layer deeplearning4jLayer(Layer layer) {
        if (layer instanceof Dense dense) {
            return new DenseLayer.Builder()
                    .nIn(dense.in())
                    .nOut(dense.out())
                    .hasBias(dense.biased())
                    .activation(Deeplearning4jMappings.activation(dense.activation()))
                    .build();
        }
        if (layer instanceof Convolution convolution) {
            return convolution(convolution);
        }
        if (layer instanceof Pooling pooling) {
            WindowSpec windowSpec = pooling.windowSpec();
            return new SubsamplingLayer.Builder(
                            pooling.kind() == Pooling.Kind.MAXIMUM ? PoolingType.MAX : PoolingType.AVG,
                            kernel(windowSpec),
                            stride(windowSpec),
                            padding(windowSpec))
                    .convolutionMode(mode(windowSpec))
                    .build();
        }
        if (layer instanceof GlobalPooling pooling) {
            return new GlobalPoolingLayer.Builder(
                            switch (pooling) {
                                case AVERAGE -> PoolingType.AVG;
                                case MAXIMUM -> PoolingType.MAX;
                                case SUM -> PoolingType.SUM;
                            })
                    .build();
        }
        if (layer instanceof BatchNorm norm) {
            return batchNorm(norm);
        }
        if (layer instanceof RunningBatchNorm running) {
            return batchNorm(running.norm());
        }
        if (layer instanceof Dropout dropout) {
            return new DropoutLayer.Builder(dropout.retained()).build();
        }
        if (layer instanceof Activation activation) {
            return new ActivationLayer.Builder()
                    .activation(Deeplearning4jMappings.activation(activation))
                    .build();
        }
        if (layer instanceof LayerNorm) {
            throw new IllegalArgumentException(
                    "model.network has layer norm; Deeplearning4j has no layer of it that keeps a scale and a shift");
        }
        throw new IllegalStateException("Deeplearning4j has no layer for " + layer);
    }

    private static OutputLayer output(Dense dense, Loss loss) {
        boolean classes = loss == Loss.SOFTMAX_CROSS_ENTROPY;
        return new OutputLayer.Builder(classes ? LossFunction.MCXENT : LossFunction.MSE)
                .nIn(dense.in())
                .nOut(dense.out())
                .hasBias(dense.biased())
                .activation(classes ? new ActivationSoftmax() : new ActivationIdentity())
                .build();
    }

    private static ConvolutionLayer convolution(Convolution layer) {
        return new ConvolutionLayer.Builder(
                        kernel(layer.windowSpec()), stride(layer.windowSpec()), padding(layer.windowSpec()))
                .convolutionMode(mode(layer.windowSpec()))
                .nIn(layer.in())
                .nOut(layer.out())
                .hasBias(layer.biased())
                .activation(Deeplearning4jMappings.activation(layer.activation()))
                .build();
    }

    private static BatchNormalization batchNorm(BatchNorm norm) {
        return new BatchNormalization.Builder()
                .nIn(norm.units())
                .nOut(norm.units())
                .eps(norm.epsilon())
                .useLogStd(false)
                .build();
    }

    private static ConvolutionMode mode(WindowSpec windowSpec) {
        return windowSpec.same() ? ConvolutionMode.Same : ConvolutionMode.Truncate;
    }

    private static int[] kernel(WindowSpec windowSpec) {
        return new int[] {windowSpec.height(), windowSpec.width()};
    }

    private static int[] stride(WindowSpec windowSpec) {
        return new int[] {windowSpec.rowStride(), windowSpec.columnStride()};
    }

    private static int[] padding(WindowSpec windowSpec) {
        return new int[] {windowSpec.top(), windowSpec.left()};
    }
}
