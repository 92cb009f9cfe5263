package dev.kindling.job.task;

import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;

/**
 * The shapes of an episode. Inputs are [examples, ...features] (images [examples, channels, height, width]); targets
 * are [examples, outputs] for regression and [examples] whole numbers 0..ways-1 for classification.
 *
 * @param features shape of one input without the examples axis
 * @param classes number of ways, or 0 for regression
 * @param outputs outputs of the network: the ways, or the width of a regression target
 * @param support examples in the support set, all classes together
 * @param query examples in the query set, all classes together
 */
public record EpisodeLayout(Shape features, int classes, int outputs, int support, int query) {
    public static final String SUPPORT_X = "support.x";
    public static final String SUPPORT_Y = "support.y";
    public static final String QUERY_X = "query.x";
    public static final String QUERY_Y = "query.y";

    /** The key that a task's random numbers are drawn with, behind the four arrays where a program asks for it: [2]. */
    public static final String KEY = "task.key";

    public boolean classification() {
        return classes > 0;
    }

    /** The four arrays in the order in which an episode stores them. */
    public Layout arrays() {
        return Layout.builder()
                .add(SUPPORT_X, features.stacked(support))
                .add(SUPPORT_Y, target(support))
                .add(QUERY_X, features.stacked(query))
                .add(QUERY_Y, target(query))
                .build();
    }

    /** {@link #arrays()} and the task's key. */
    public Layout arraysAndKey() {
        Layout.Builder layout = Layout.builder();
        arrays().entries().forEach(entry -> layout.add(entry.name(), entry.shape()));
        return layout.add(KEY, Shape.of(TaskSpec.KEY_PARTS)).build();
    }

    private Shape target(int examples) {
        return classification() ? Shape.of(examples) : Shape.of(examples, outputs);
    }
}
