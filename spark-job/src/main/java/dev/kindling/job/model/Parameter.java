package dev.kindling.job.model;

import dev.kindling.job.tensor.Shape;

/**
 * One trained array of a layer.
 *
 * @param name within the layer, as Deeplearning4j has it: {@code W}, {@code b}, {@code gamma}, {@code beta}
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
        SHIFT
    }
}
