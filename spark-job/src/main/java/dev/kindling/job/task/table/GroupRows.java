package dev.kindling.job.task.table;

/**
 * All rows of one group, encoded, in the order in which they become support rows.
 *
 * @param key of the group
 * @param x inputs, row-major [rows, width]: features, then the indices of categories
 * @param y targets, or the numbers of classes, [rows]
 * @param weights above 0, [rows]
 * @param categories number of indices in an input
 */
public record GroupRows(String key, float[] x, float[] y, float[] weights, int categories) {
    /** The number of rows. */
    public int size() {
        return y.length;
    }

    /** The number of elements of an input. */
    public int width() {
        return x.length / y.length;
    }

    /** The number of features of a row. */
    public int features() {
        return width() - categories;
    }

    /** A feature of a row. */
    public float feature(int row, int feature) {
        return x[row * width() + feature];
    }
}
