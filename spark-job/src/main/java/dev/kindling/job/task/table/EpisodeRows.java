package dev.kindling.job.task.table;

import dev.kindling.job.tensor.FlatVector;
import java.nio.ByteBuffer;

/**
 * The rows of one set of an episode.
 *
 * @param group the floats of the group's rows: input, target and weight
 * @param rows numbers of the rows of both sets
 * @param first index in {@code rows} of the set's first row
 * @param count rows of the set
 * @param size of the set with padding
 * @param width elements of an input: features and indices of categories
 */
record EpisodeRows(ByteBuffer group, int[] rows, int first, int count, int size, int width) {
    /** Writes inputs and targets, zeros for padding; returns the offset of what follows. */
    int writeExamples(FlatVector target, int offset) {
        int targets = offset + size * width;
        for (int i = 0; i < size; i++) {
            int from = offset + i * width;
            for (int element = 0; element < width; element++) {
                target.set(from + element, i < count ? value(i, element) : 0);
            }
            target.set(targets + i, i < count ? value(i, width) : 0);
        }
        return targets + size;
    }

    /** Writes weights, zeros for padding; returns the offset of what follows. */
    int writeWeights(FlatVector target, int offset) {
        for (int i = 0; i < size; i++) {
            target.set(offset + i, i < count ? value(i, width + 1) : 0);
        }
        return offset + size;
    }

    /** An element of a row's input, or after them its target and weight. */
    float value(int row, int column) {
        return group.getFloat((rows[first + row] * (width + TablePack.TARGET_AND_WEIGHT) + column) * Float.BYTES);
    }
}
