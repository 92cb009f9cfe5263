package dev.kindling.job.task.table;

import dev.kindling.job.tensor.FlatVector;
import java.nio.ByteBuffer;

/**
 * The rows of one set of an episode.
 *
 * @param group the floats of the group's rows: features, target and weight
 * @param rows numbers of the rows of both sets
 * @param first index in {@code rows} of the set's first row
 * @param count rows of the set
 * @param size of the set with padding
 */
record EpisodeRows(ByteBuffer group, int[] rows, int first, int count, int size, int features) {
    /** Writes inputs and targets, zeros for padding; returns the offset of what follows. */
    int writeExamples(FlatVector target, int offset) {
        int targets = offset + size * features;
        for (int i = 0; i < size; i++) {
            int from = offset + i * features;
            for (int feature = 0; feature < features; feature++) {
                target.set(from + feature, i < count ? value(i, feature) : 0);
            }
            target.set(targets + i, i < count ? value(i, features) : 0);
        }
        return targets + size;
    }

    /** Writes weights, zeros for padding; returns the offset of what follows. */
    int writeWeights(FlatVector target, int offset) {
        for (int i = 0; i < size; i++) {
            target.set(offset + i, i < count ? value(i, features + 1) : 0);
        }
        return offset + size;
    }

    /** A feature of a row, or after the features its target and weight. */
    float value(int row, int column) {
        return group.getFloat((rows[first + row] * (features + TablePack.TARGET_AND_WEIGHT) + column) * Float.BYTES);
    }
}
