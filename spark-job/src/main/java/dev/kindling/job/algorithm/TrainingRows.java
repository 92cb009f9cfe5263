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
        double mean = groups.stream()
                .flatMapToDouble(group -> Arrays.stream(group.y()))
                .average()
                .orElse(0.5);
        double bounded = Math.min(Math.max(mean, 0.01), 0.99);
        groups.replaceAll(group -> new MixedModel.Group(
                group.x(), Arrays.stream(group.y()).map(y -> (y - mean) / SLOPE).toArray()));
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
        List<Double> x = new ArrayList<>();
        List<Double> y = new ArrayList<>();
        addRows(episode, arrays, "support", layout, columns, x, y);
        addRows(episode, arrays, "query", layout, columns, x, y);
        return new MixedModel.Group(
                x.stream().mapToDouble(Double::doubleValue).toArray(),
                y.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private static void addRows(
            FlatVector episode,
            Layout arrays,
            String set,
            EpisodeLayout layout,
            int columns,
            List<Double> x,
            List<Double> y) {
        int targets = arrays.offset(set + ".y");
        int inputs = arrays.offset(set + ".x");
        int features = layout.features().size();
        for (int row = 0; row < arrays.shape(set + ".y").dim(0); row++) {
            double weight = layout.weighted() ? episode.at(arrays.offset(set + ".w") + row) : 1;
            if (weight > 0) {
                double root = Math.sqrt(weight);
                x.add(root);
                for (int i = 0; i < columns - 1; i++) {
                    x.add(root * episode.at(inputs + row * features + i));
                }
                y.add(root * episode.at(targets + row));
            }
        }
    }
}
