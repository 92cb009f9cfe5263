package dev.kindling.driver.check.reference;

import dev.kindling.job.task.EpisodeLayout;

/**
 * Examples with their targets.
 *
 * @param x inputs, row after row
 * @param y targets, row after row
 * @param count of rows
 */
record Examples(double[] x, double[] y, int count) {
    static Examples support(NamedArrays episode, EpisodeLayout layout) {
        return new Examples(
                episode.get(EpisodeLayout.SUPPORT_X), episode.get(EpisodeLayout.SUPPORT_Y), layout.support());
    }

    static Examples query(NamedArrays episode, EpisodeLayout layout) {
        return new Examples(episode.get(EpisodeLayout.QUERY_X), episode.get(EpisodeLayout.QUERY_Y), layout.query());
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

    /** The examples of the given places. */
    Examples at(int... places) {
        double[][] inputs = rows();
        double[][] targets = targets();
        double[][] someInputs = new double[places.length][];
        double[][] someTargets = new double[places.length][];
        for (int i = 0; i < places.length; i++) {
            someInputs[i] = inputs[places[i]];
            someTargets[i] = targets[places[i]];
        }
        return new Examples(flat(someInputs), flat(someTargets), places.length);
    }
}
