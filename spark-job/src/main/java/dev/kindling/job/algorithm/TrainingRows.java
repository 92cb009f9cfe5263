package dev.kindling.job.algorithm;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows [1, x] and targets of training tasks, support and query sets together, to fit a mixed model to. Rows and targets are
 * multiplied by the root of the row's weight; rows of weight 0 are left out.
 *
 * @param groups a group for each task
 */
record TrainingRows(List<MixedModel.Group> groups) {
    /** The most tasks that are read. */
    private static final int TASKS = 2000;

    /** Iterations, and those of a large problem. */
    private static final int ROUNDS = 100;

    private static final int FEWER_ROUNDS = 30;
    private static final double LARGE = 2e5;

    /** The slope of the logistic function, on average over logits of unit size. */
    private static final double SLOPE = 0.22;

    /** The least fraction of the rows that a class, or its absence, is taken to have: logarithms of it are finite. */
    private static final double LEAST_FRACTION = 0.01;

    /**
     * Rows whose targets are logits of one class.
     *
     * @param rows with the indicator of the class less its mean, scaled to logits, as targets
     * @param fraction of the class, by weight, within bounds above 0 and below 1
     */
    record Indicators(TrainingRows rows, double fraction) {}

    /**
     * Reads the rows.
     *
     * @param columns of [1, x]; 1 to use the constant only
     */
    static TrainingRows of(TaskSource source, long seed, int columns) {
        List<MixedModel.Group> groups = new ArrayList<>();
        TaskSource single = source.single();
        for (TaskSpec spec : single.representatives(seed, TASKS)) {
            MixedModel.Group group = group(single, spec, columns);
            if (group.rows() > 0) {
                groups.add(group);
            }
        }
        return new TrainingRows(groups);
    }

    private int columns() {
        return groups.get(0).x().length / groups.get(0).rows();
    }

    /** The rows with the logits of one class as targets. */
    Indicators indicators(int way) {
        int columns = columns();
        // The column of the constant holds the roots of the weights, by which targets are multiplied.
        double sum = 0;
        double weights = 0;
        for (MixedModel.Group group : groups) {
            for (int row = 0; row < group.rows(); row++) {
                double root = group.x()[row * columns];
                sum += group.y()[row] == root * way ? root * root : 0;
                weights += root * root;
            }
        }
        double mean = sum / weights;
        List<MixedModel.Group> logits = new ArrayList<>();
        for (MixedModel.Group group : groups) {
            double[] y = new double[group.rows()];
            Arrays.setAll(y, row -> {
                double root = group.x()[row * columns];
                return ((group.y()[row] == root * way ? root : 0) - mean * root) / SLOPE;
            });
            logits.add(new MixedModel.Group(group.x(), y));
        }
        return new Indicators(new TrainingRows(logits), Math.min(Math.max(mean, LEAST_FRACTION), 1 - LEAST_FRACTION));
    }

    MixedModel mixedModel() {
        int columns = columns();
        boolean large = (double) groups.size() * columns * columns > LARGE;
        return MixedModel.fit(groups, large ? FEWER_ROUNDS : ROUNDS);
    }

    private static MixedModel.Group group(TaskSource source, TaskSpec spec, int columns) {
        EpisodeLayout layout = source.layout(spec);
        Layout arrays = layout.arrays();
        FlatVector episode = FlatVector.zeros(Precision.DOUBLE, arrays.size());
        source.materialise(spec, episode, 0);
        double[] x = new double[(layout.support() + layout.query()) * columns];
        double[] y = new double[layout.support() + layout.query()];
        int rows = 0;
        for (String set : List.of("support", "query")) {
            for (int i = 0; i < arrays.shape(set + ".y").dim(0); i++) {
                double weight = layout.weighted() ? episode.at(arrays.offset(set + ".w") + i) : 1;
                if (weight > 0) {
                    double root = Math.sqrt(weight);
                    x[rows * columns] = root;
                    int inputs = arrays.offset(set + ".x") + i * layout.input().size();
                    for (int column = 1; column < columns; column++) {
                        x[rows * columns + column] = root * episode.at(inputs + column - 1);
                    }
                    y[rows] = root * episode.at(arrays.offset(set + ".y") + i);
                    rows++;
                }
            }
        }
        return new MixedModel.Group(Arrays.copyOf(x, rows * columns), Arrays.copyOf(y, rows));
    }
}
