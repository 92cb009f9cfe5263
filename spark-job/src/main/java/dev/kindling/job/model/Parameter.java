package dev.kindling.job.model;

import dev.kindling.job.tensor.Shape;

/**
 * One array of a layer, trained or, where its role says so, following the statistics of batches.
 *
 * @param name within the layer, as Deeplearning4j has it: {@code W}, {@code b}, {@code gamma}, {@code beta},
 *     {@code mean}, {@code var}
 * @param fanIn numbers that one output of the layer is computed from
 * @param fanOut outputs that one number in front of the layer acts on
 */
public record Parameter(String name, Shape shape, Role role, int fanIn, int fanOut) {
    /** What the array does, and so how it begins. */
    public enum Role {
        /** Drawn by the initialiser. */
        WEIGHT,
        /** Drawn by the initialiser, or 0. */
        BIAS,
        /** A factor that begins at 1. */
        SCALE,
        /** A summand that begins at 0. */
        SHIFT,
        /** A mean of batches, 0 before the first. */
        MEAN,
        /** A variance of batches, 1 before the first. */
        VARIANCE;

        /** Whether the array follows statistics: no gradient moves it, and no task adapts it. */
        public boolean statistic() {
            return this == MEAN || this == VARIANCE;
        }
    }
}
