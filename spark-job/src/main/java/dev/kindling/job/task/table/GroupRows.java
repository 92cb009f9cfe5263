package dev.kindling.job.task.table;

/**
 * All rows of one group, encoded, in the order in which they become support rows.
 *
 * @param key of the group
 * @param x features, row-major [rows, features]
 * @param y targets, or the numbers of classes, [rows]
 * @param weights above 0, [rows]
 */
public record GroupRows(String key, float[] x, float[] y, float[] weights) {
    /** The number of rows. */
    public int size() {
        return y.length;
    }

    /** The number of features of a row. */
    public int features() {
        return x.length / y.length;
    }
}
