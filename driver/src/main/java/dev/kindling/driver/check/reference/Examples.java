package dev.kindling.driver.check.reference;

import dev.kindling.job.task.EpisodeLayout;
import java.util.Arrays;
import java.util.Optional;

/**
 * Examples with their targets.
 *
 * @param x features, row-major
 * @param y targets, row-major
 * @param weights one for each row; empty if the episode is not weighted
 * @param categories indices of the values of categories, row-major; without elements if there are none
 * @param count number of rows
 */
record Examples(double[] x, double[] y, Optional<double[]> weights, double[] categories, int count) {
    static Examples support(NamedArrays episode, EpisodeLayout layout) {
        return of(
                layout,
                episode.get(EpisodeLayout.SUPPORT_X),
                episode.get(EpisodeLayout.SUPPORT_Y),
                weights(episode, layout, EpisodeLayout.SUPPORT_WEIGHTS),
                layout.support());
    }

    static Examples query(NamedArrays episode, EpisodeLayout layout) {
        return of(
                layout,
                episode.get(EpisodeLayout.QUERY_X),
                episode.get(EpisodeLayout.QUERY_Y),
                weights(episode, layout, EpisodeLayout.QUERY_WEIGHTS),
                layout.query());
    }

    /** Separates the features of inputs from the indices of categories. */
    private static Examples of(
            EpisodeLayout layout, double[] inputs, double[] y, Optional<double[]> weights, int count) {
        int features = layout.features().size();
        double[][] x = new double[count][];
        double[][] indices = new double[count][];
        for (int i = 0; i < count; i++) {
            int from = i * layout.input().size();
            int end = from + layout.input().size();
            x[i] = Arrays.copyOfRange(inputs, from, from + features);
            indices[i] = Arrays.copyOfRange(inputs, from + features, end);
        }
        return new Examples(flat(x), y, weights, flat(indices), count);
    }

    private static Optional<double[]> weights(NamedArrays episode, EpisodeLayout layout, String name) {
        return layout.weighted() ? Optional.of(episode.get(name)) : Optional.empty();
    }

    /** The weight of a row; 1 if the episode is not weighted. */
    double weight(int row) {
        return weights.isPresent() ? weights.get()[row] : 1;
    }

    /** The weights of the rows; ones if the episode is not weighted. */
    double[] weightOfEachRow() {
        double[] each = new double[count];
        Arrays.setAll(each, this::weight);
        return each;
    }

    /** The sum of the weights; the number of rows if the episode is not weighted. */
    double totalWeight() {
        return weights.isPresent() ? Arrays.stream(weights.get()).sum() : count;
    }

    /** The inputs as rows. */
    double[][] rows() {
        return rows(x, count);
    }

    /** The targets as rows. */
    double[][] targets() {
        return rows(y, count);
    }

    static double[][] rows(double[] flat, int count) {
        int width = flat.length / count;
        double[][] rows = new double[count][width];
        for (int i = 0; i < count; i++) {
            System.arraycopy(flat, i * width, rows[i], 0, width);
        }
        return rows;
    }

    static double[] flat(double[][] rows) {
        double[] flat = new double[rows.length * rows[0].length];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, flat, i * rows[i].length, rows[i].length);
        }
        return flat;
    }

    /** The examples at the given indices. */
    Examples at(int... indices) {
        double[][] inputs = rows();
        double[][] targets = targets();
        double[][] indicesOfRows = rows(categories, count);
        double[][] someIndices = new double[indices.length][];
        double[][] someInputs = new double[indices.length][];
        double[][] someTargets = new double[indices.length][];
        for (int i = 0; i < indices.length; i++) {
            someInputs[i] = inputs[indices[i]];
            someTargets[i] = targets[indices[i]];
            someIndices[i] = indicesOfRows[indices[i]];
        }
        return new Examples(
                flat(someInputs),
                flat(someTargets),
                weights.map(
                        all -> Arrays.stream(indices).mapToDouble(i -> all[i]).toArray()),
                flat(someIndices),
                indices.length);
    }
}
