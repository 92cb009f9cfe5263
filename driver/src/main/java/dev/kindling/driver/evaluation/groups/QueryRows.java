package dev.kindling.driver.evaluation.groups;

/**
 * The targets and weights of the query rows of all evaluated groups, group after group.
 *
 * @param starts the number of the first row of each group, and the number of all rows
 * @param classes number of classes; 0 for regression
 * @param scale the factor from an error of a target to one of the label
 */
record QueryRows(float[] targets, float[] weights, int[] starts, int classes, double scale) {
    QueryRows(int[] starts, int classes, double scale) {
        this(new float[starts[starts.length - 1]], new float[starts[starts.length - 1]], starts, classes, scale);
    }

    int groups() {
        return starts.length - 1;
    }

    int size() {
        return targets.length;
    }

    /** Numbers that are predicted for a row, without variances. */
    int outputs() {
        return Math.max(1, classes);
    }
}
