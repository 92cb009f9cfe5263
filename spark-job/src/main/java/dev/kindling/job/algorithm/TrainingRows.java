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
 * @param intercept to be added to the constant's coefficient: for classes the logit of their mean, else 0
 */
record TrainingRows(List<MixedModel.Group> groups, double intercept) {
    /** The most tasks that are read. */
    private static final int TASKS = 2000;

    /** Iterations, and those of a large problem. */
    private static final int ROUNDS = 100;

    private static final int FEWER_ROUNDS = 30;
    private static final double LARGE = 2e5;

    /** The slope of the logistic function, on average over logits of unit size. */
    private static final double SLOPE = 0.22;

    /** The least fraction of either class that the intercept supposes, so that it is finite. */
    private static final double LEAST_MEAN = 0.01;

    /**
     * Reads the rows.
     *
     * @param columns of [1, x]; 1 to use the constant only
     * @param classes whether targets are classes 0 and 1, which are scaled to logits
     */
    static TrainingRows of(TaskSource source, long seed, int columns, boolean classes) {
        List<MixedModel.Group> groups = new ArrayList<>();
        TaskSource single = source.single();
        for (TaskSpec spec : single.representatives(seed, TASKS)) {
            MixedModel.Group group = group(single, spec, columns);
            if (group.rows() > 0) {
                groups.add(group);
            }
        }
        if (!classes) {
            return new TrainingRows(groups, 0);
        }
        // The column of the constant holds the roots of the weights, by which targets are multiplied.
        double sum = 0;
        double weights = 0;
        for (MixedModel.Group group : groups) {
            for (int row = 0; row < group.rows(); row++) {
                double root = group.x()[row * columns];
                sum += root * group.y()[row];
                weights += root * root;
            }
        }
        double mean = sum / weights;
        groups.replaceAll(group -> {
            double[] logits = new double[group.rows()];
            Arrays.setAll(logits, row -> (group.y()[row] - mean * group.x()[row * columns]) / SLOPE);
            return new MixedModel.Group(group.x(), logits);
        });
        double bounded = Math.min(Math.max(mean, LEAST_MEAN), 1 - LEAST_MEAN);
        return new TrainingRows(groups, StrictMath.log(bounded / (1 - bounded)));
    }

    MixedModel mixedModel() {
        int columns = groups.get(0).x().length / groups.get(0).rows();
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
                    int inputs =
                            arrays.offset(set + ".x") + i * layout.features().size();
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
