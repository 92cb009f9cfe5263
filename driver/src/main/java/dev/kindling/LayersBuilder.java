package dev.kindling;

import java.util.ArrayList;
import java.util.List;

/** Builds a network layer by layer; a linear output layer, as wide as the tasks need, follows by itself. */
public final class LayersBuilder {
    private final List<String> layers = new ArrayList<>();

    LayersBuilder() {}

    /** A fully connected layer. */
    public LayersBuilder dense(int units) {
        return add("dense-" + units);
    }

    /** A convolution with bias, padded so that a stride of 1 retains the size. */
    public LayersBuilder conv(int filters, int kernel, int stride) {
        return add("conv-" + filters + "-" + kernel + "-" + stride);
    }

    /** The largest of each window, without padding; windows do not overlap. */
    public LayersBuilder maxPool(int size) {
        return add("max-pool-" + size);
    }

    /** The mean of each window, without padding; windows do not overlap. */
    public LayersBuilder averagePool(int size) {
        return add("average-pool-" + size);
    }

    /** The mean of each channel over the whole image. */
    public LayersBuilder globalAverage() {
        return add("global-average");
    }

    /** Batch norm with learned scale and shift. */
    public LayersBuilder batchNorm() {
        return add("batch-norm");
    }

    /** Layer norm, over the units of a fully connected layer, with learned scale and shift. */
    public LayersBuilder layerNorm() {
        return add("layer-norm");
    }

    /**
     * Dropout in training.
     *
     * @param retained the share of numbers that is retained, above 0 and below 1
     */
    public LayersBuilder dropout(double retained) {
        return add("dropout-" + retained);
    }

    /** An activation: {@code relu}, {@code tanh}, {@code sigmoid}, {@code leaky-relu}, {@code elu},
     * {@code silu} or {@code softplus}. */
    public LayersBuilder activation(String name) {
        return add(name);
    }

    private LayersBuilder add(String layer) {
        layers.add(layer);
        return this;
    }

    /** The network; it is checked when a trainer is built. */
    public NetworkSpec build() {
        if (layers.isEmpty()) {
            throw new IllegalArgumentException(
                    "a network has no layers; it must have at least one before its output layer");
        }
        return NetworkSpec.of(String.join(", ", layers));
    }
}
