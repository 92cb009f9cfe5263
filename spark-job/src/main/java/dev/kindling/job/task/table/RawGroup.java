package dev.kindling.job.task.table;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one group before they are encoded, column by column: numbers as doubles, NaN where they are missing, and
 * categories as texts, null where they are missing. Mutable, and used for one group after another.
 */
public final class RawGroup {
    private static final int INITIAL_ROWS = 64;

    private final boolean[] isText;
    private final double[][] numbers;
    private final @Nullable String[][] texts;
    private double[] labels = new double[INITIAL_ROWS];
    private @Nullable String[] classes = new String[INITIAL_ROWS];
    private double[] weights = new double[INITIAL_ROWS];
    private double[] offsets = new double[INITIAL_ROWS];
    private int rows;

    /** An empty group with the given input columns, {@code true} for a categorical one. */
    public RawGroup(List<Boolean> categorical) {
        this.isText = new boolean[categorical.size()];
        this.numbers = new double[categorical.size()][];
        this.texts = new String[categorical.size()][];
        for (int i = 0; i < isText.length; i++) {
            isText[i] = categorical.get(i);
            numbers[i] = new double[isText[i] ? 0 : INITIAL_ROWS];
            texts[i] = new String[isText[i] ? INITIAL_ROWS : 0];
        }
    }

    /** Removes all rows. */
    public void clear() {
        rows = 0;
    }

    /** The number of rows. */
    public int rows() {
        return rows;
    }

    /**
     * Adds a row without inputs, which are set next.
     *
     * @param label the number to predict; ignored for classification
     * @param className the class to predict; null for regression
     */
    public void add(double label, @Nullable String className, double weight, double offset) {
        if (rows == labels.length) {
            grow();
        }
        labels[rows] = label;
        classes[rows] = className;
        weights[rows] = weight;
        offsets[rows] = offset;
        rows++;
    }

    private void grow() {
        int capacity = 2 * rows;
        labels = Arrays.copyOf(labels, capacity);
        classes = Arrays.copyOf(classes, capacity);
        weights = Arrays.copyOf(weights, capacity);
        offsets = Arrays.copyOf(offsets, capacity);
        for (int i = 0; i < isText.length; i++) {
            if (isText[i]) {
                texts[i] = Arrays.copyOf(texts[i], capacity);
            } else {
                numbers[i] = Arrays.copyOf(numbers[i], capacity);
            }
        }
    }

    /** Sets a number of the last row; NaN if it is missing. */
    public void number(int column, double value) {
        numbers[column][rows - 1] = value;
    }

    /** Sets a category of the last row; null if it is missing. */
    public void text(int column, @Nullable String value) {
        texts[column][rows - 1] = value;
    }

    /** A number; NaN if it is missing. */
    public double number(int column, int row) {
        return numbers[column][row];
    }

    /** A category; null if it is missing. */
    public @Nullable String text(int column, int row) {
        return texts[column][row];
    }

    /** The label of a row without its offset. */
    public double label(int row) {
        return labels[row] - offsets[row];
    }

    /** The class of a row; null for regression. */
    public @Nullable String className(int row) {
        return classes[row];
    }

    /** The weight of a row. */
    public double weight(int row) {
        return weights[row];
    }

    /** The first reason why the group cannot be used, as a clause; null if there is none. */
    public @Nullable String fault(TableColumns columns) {
        for (int row = 0; row < rows; row++) {
            if (columns.classes() ? classes[row] == null : !Double.isFinite(labels[row])) {
                return columns.label() + " is " + labels[row];
            }
            if (!Double.isFinite(offsets[row])) {
                return columns.offset() + " is " + offsets[row];
            }
            if (!(weights[row] > 0 && Double.isFinite(weights[row]))) {
                return columns.weight() + " is " + weights[row];
            }
            for (int i = 0; i < isText.length; i++) {
                if (!isText[i] && Double.isInfinite(numbers[i][row])) {
                    return columns.inputs().get(i).name() + " is " + numbers[i][row];
                }
            }
        }
        return null;
    }
}
