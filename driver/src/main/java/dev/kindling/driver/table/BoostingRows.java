package dev.kindling.driver.table;

/**
 * The rows that boosted trees are fitted on, and those on which their number is chosen.
 *
 * @param width number of features
 * @param features row by row
 * @param labels a number to predict for each row, or 1 and 0
 * @param weights of the rows
 * @param held whether a row is not fitted
 */
record BoostingRows(int width, float[] features, double[] labels, double[] weights, boolean[] held) {
    int rows() {
        return labels.length;
    }
}
