package dev.kindling.driver.check.reference;

import dev.kindling.job.task.EpisodeLayout;
import java.util.Arrays;
import java.util.Optional;

/**
 * Examples with their targets.
 *
 * @param x inputs, row-major
 * @param y targets, row-major
 * @param weights one for each row; empty if the episode is not weighted
 * @param count number of rows
 */
record Examples(double[] x, double[] y, Optional<double[]> weights, int count) {
    static Examples support(NamedArrays episode, EpisodeLayout layout) {
        return new Examples(
                episode.get(EpisodeLayout.SUPPORT_X),
                episode.get(EpisodeLayout.SUPPORT_Y),
                weights(episode, layout, EpisodeLayout.SUPPORT_WEIGHTS),
                layout.support());
    }

    static Examples query(NamedArrays episode, EpisodeLayout layout) {
        return new Examples(
                episode.get(EpisodeLayout.QUERY_X),
                episode.get(EpisodeLayout.QUERY_Y),
                weights(episode, layout, EpisodeLayout.QUERY_WEIGHTS),
                layout.query());
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
        double[][] someInputs = new double[indices.length][];
        double[][] someTargets = new double[indices.length][];
        for (int i = 0; i < indices.length; i++) {
            someInputs[i] = inputs[indices[i]];
            someTargets[i] = targets[indices[i]];
        }
        return new Examples(
                flat(someInputs),
                flat(someTargets),
                weights.map(
                        all -> Arrays.stream(indices).mapToDouble(i -> all[i]).toArray()),
                indices.length);
    }
}
