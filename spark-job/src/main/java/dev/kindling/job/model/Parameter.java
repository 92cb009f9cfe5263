package dev.kindling.job.model;

import dev.kindling.job.tensor.Shape;

/**
 * A parameter array of a layer: trained, or a running statistic of batches, depending on its role.
 *
 * @param name within the layer, as in Deeplearning4j: {@code W}, {@code b}, {@code gamma}, {@code beta},
 *     {@code mean}, {@code var}
 * @param fanIn number of inputs that one output of the layer depends on
 * @param fanOut number of outputs that one input of the layer affects
 */
public record Parameter(String name, Shape shape, Role role, int fanIn, int fanOut) {
    /** The role of the array, which determines its initial values. */
    public enum Role {
        /** Drawn by the initialiser. */
        WEIGHT,
        /** Drawn by the initialiser, or 0. */
        BIAS,
        /** A factor, initially 1. */
        SCALE,
        /** An offset, initially 0. */
        SHIFT,
        /** A running mean of batches, initially 0. */
        MEAN,
        /** A running variance of batches, initially 1. */
        VARIANCE;

        /** Whether the array is a running statistic: no gradient updates it, and no task adapts it. */
        public boolean statistic() {
            return this == MEAN || this == VARIANCE;
        }
    }
}
