package dev.kindling.job.model;

import java.util.Optional;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.distribution.TruncatedNormalDistribution;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.weights.WeightInitDistribution;
import org.deeplearning4j.nn.weights.WeightInitRelu;
import org.deeplearning4j.nn.weights.WeightInitXavier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;

/** Maps activations, losses, dropout and initialisers of Deeplearning4j to those of this package and back. */
final class Deeplearning4jMappings {
    private static final WeightInitDistribution TRUNCATED_NORMAL =
            new WeightInitDistribution(new TruncatedNormalDistribution(0, 0.01));

    private Deeplearning4jMappings() {}

    static Activation activation(Deeplearning4jLayerContext layerContext, IActivation activation) {
        if (activation instanceof ActivationIdentity) {
            return Activation.IDENTITY;
        }
        if (activation instanceof ActivationReLU relu) {
            layerContext.requireAbsent("activation relu with a greatest value,", relu.getMax());
            layerContext.require("activation relu of threshold", relu.getThreshold(), 0.0);
            layerContext.require("activation relu of negativeSlope", relu.getNegativeSlope(), 0.0);
            return Activation.RELU;
        }
        if (activation instanceof ActivationLReLU leaky) {
            layerContext.require("activation leakyrelu of alpha", leaky.getAlpha(), ActivationLReLU.DEFAULT_ALPHA);
            return Activation.LEAKY_RELU;
        }
        if (activation instanceof ActivationELU elu) {
            layerContext.require("activation elu of alpha", elu.getAlpha(), ActivationELU.DEFAULT_ALPHA);
            return Activation.ELU;
        }
        if (activation instanceof ActivationSwish) {
            return Activation.SILU;
        }
        if (activation instanceof ActivationSoftPlus) {
            return Activation.SOFTPLUS;
        }
        if (activation instanceof ActivationTanH) {
            return Activation.TANH;
        }
        if (activation instanceof ActivationSigmoid) {
            return Activation.SIGMOID;
        }
        throw layerContext.refusal("has the activation " + activation
                + "; supported are identity, relu, leakyrelu, elu, swish, softplus, tanh and sigmoid");
    }

    static IActivation activation(Activation activation) {
        return switch (activation) {
            case IDENTITY -> new ActivationIdentity();
            case RELU -> new ActivationReLU();
            case TANH -> new ActivationTanH();
            case SIGMOID -> new ActivationSigmoid();
            case LEAKY_RELU -> new ActivationLReLU();
            case ELU -> new ActivationELU();
            case SILU -> new ActivationSwish();
            case SOFTPLUS -> new ActivationSoftPlus();
        };
    }

    /** Dropout of a layer's input; empty if nothing is dropped. */
    static Optional<Layer> dropout(Deeplearning4jLayerContext layerContext, @Nullable IDropout dropout) {
        if (dropout == null) {
            return Optional.empty();
        }
        if (dropout.getClass() != org.deeplearning4j.nn.conf.dropout.Dropout.class) {
            throw layerContext.refusal(
                    "has the dropout " + dropout.getClass().getSimpleName() + "; only Dropout is supported");
        }
        org.deeplearning4j.nn.conf.dropout.Dropout plain = (org.deeplearning4j.nn.conf.dropout.Dropout) dropout;
        layerContext.requireAbsent("a schedule of dropout,", plain.getPSchedule());
        if (!(plain.getP() > 0 && plain.getP() <= 1)) {
            throw layerContext.refusal(
                    "retains a number with probability " + plain.getP() + "; it must be above 0, at most 1");
        }
        return plain.getP() == 1 ? Optional.empty() : Optional.of(new Dropout(plain.getP(), layerContext.index()));
    }

    static void requireNoGradientNormalization(
            Deeplearning4jLayerContext layerContext, @Nullable GradientNormalization normalization) {
        layerContext.require("gradientNormalization", normalization, GradientNormalization.None);
    }

    /** Refuses a loss other than the unweighted one of classification or regression. */
    static void requireLoss(Deeplearning4jLayerContext layerContext, OutputLayer layer, boolean classification) {
        ILossFunction loss = layerContext.present("lossFunction", layer.getLossFn());
        if (classification) {
            boolean entropy = loss.getClass() == LossMCXENT.class || loss.getClass() == LossNegativeLogLikelihood.class;
            if (!entropy || !(layer.getActivationFn() instanceof ActivationSoftmax)) {
                throw layerContext.refusal("has the loss " + loss + " and the activation " + layer.getActivationFn()
                        + "; for classes it must be mcxent or negativeloglikelihood with softmax");
            }
            layerContext.requireAbsent("weights of classes,", ((LossMCXENT) loss).getWeights());
        } else {
            if (loss.getClass() != LossMSE.class || !(layer.getActivationFn() instanceof ActivationIdentity)) {
                throw layerContext.refusal("has the loss " + loss + " and the activation " + layer.getActivationFn()
                        + "; for regression it must be mse with identity");
            }
            layerContext.requireAbsent("weights of outputs,", ((LossMSE) loss).getWeights());
        }
    }

    /** The initialiser of a layer's weights; biases must be initialised with 0. */
    static Initializer initializer(Deeplearning4jLayerContext layerContext) {
        if (!(layerContext.layer() instanceof BaseLayer layer)
                || layer instanceof BatchNormalization
                || layer instanceof DropoutLayer) {
            return Initializer.GLOROT_NORMAL;
        }
        layerContext.require("biasInit", layer.getBiasInit(), 0.0);
        layerContext.present("weightInitFn", layer.getWeightInitFn());
        if (layer.getWeightInitFn() instanceof WeightInitXavier) {
            return Initializer.GLOROT_NORMAL;
        }
        if (layer.getWeightInitFn() instanceof WeightInitRelu) {
            return Initializer.HE_NORMAL;
        }
        if (TRUNCATED_NORMAL.equals(layer.getWeightInitFn())) {
            return Initializer.TRUNCATED_NORMAL;
        }
        throw layerContext.refusal(
                "has the weight init " + layer.getWeightInitFn().getClass().getSimpleName()
                        + "; supported are WeightInitXavier, WeightInitRelu and a truncated normal distribution of 0 and 0.01,"
                        + " or any where model.initializer names one of Kindling's");
    }
}
