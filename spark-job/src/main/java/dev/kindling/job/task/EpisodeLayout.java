package dev.kindling.job.task;

import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.OptionalInt;

/**
 * The shapes of an episode. Inputs are [examples, ...input] (images [examples, channels, height, width]); targets
 * are [examples, outputs] for regression and [examples] integers 0..ways-1 for classification.
 *
 * @param features shape of what a network sees of one input, without the examples axis
 * @param classes number of ways, or 0 for regression
 * @param outputs outputs of the network: the ways, or the width of a regression target
 * @param support examples in the support set, all classes together
 * @param query examples in the query set, all classes together
 * @param tasks number of episodes that are stacked into one, each array along a new first axis; 1 for a single episode
 * @param weighted whether each example has a weight, at least 0; losses and other means over examples are weighted, and an
 *     example of weight 0 has no effect, so that sets of different sizes can be padded to one shape
 * @param order index of the element of an input by which a task's examples are ordered, such as a time; empty if there is none
 * @param categories for each category whose values a method may learn vectors of (embeddings), their number; the index of an
 *     example's value, 0 to that number less 1, is one more element of its input, behind the features
 */
public record EpisodeLayout(
        Shape features,
        int classes,
        int outputs,
        int support,
        int query,
        int tasks,
        boolean weighted,
        OptionalInt order,
        List<Integer> categories) {
    public static final String SUPPORT_X = "support.x";
    public static final String SUPPORT_Y = "support.y";
    public static final String QUERY_X = "query.x";
    public static final String QUERY_Y = "query.y";

    /** The weights of the support set, [examples], after the four arrays of a weighted episode. */
    public static final String SUPPORT_WEIGHTS = "support.w";

    /** The weights of the query set, [examples], the last array of a weighted episode. */
    public static final String QUERY_WEIGHTS = "query.w";

    /** The key of a task's own random numbers, [2]: an additional input, after the episode's arrays, of programs that need it. */
    public static final String KEY = "task.key";

    /** The 0-based round of a task, a scalar: an additional input, after the episode's arrays, of programs that need it. */
    public static final String ROUND = "task.round";

    /** Validates the categories; IllegalArgumentException if there are some and an example's features are no vector. */
    public EpisodeLayout {
        categories = List.copyOf(categories);
        if (!categories.isEmpty() && features.rank() != 1) {
            throw new IllegalArgumentException("an example's features are " + features + "; they must be a vector if"
                    + " indices of categories follow them");
        }
    }

    /** The shapes of one task's episode, without weights. */
    public EpisodeLayout(Shape features, int classes, int outputs, int support, int query) {
        this(features, classes, outputs, support, query, 1, false, OptionalInt.empty(), List.of());
    }

    /** The shape of one input: the features and an index for each category. */
    public Shape input() {
        return categories.isEmpty() ? features : Shape.of(features.size() + categories.size());
    }

    /** The same layout with a weight for each example. */
    public EpisodeLayout withWeights() {
        return new EpisodeLayout(features, classes, outputs, support, query, tasks, true, order, categories);
    }

    /** The same layout for examples that are ordered by an element of their inputs. */
    public EpisodeLayout orderedBy(OptionalInt element) {
        return new EpisodeLayout(features, classes, outputs, support, query, tasks, weighted, element, categories);
    }

    /** The same layout with an index for each category behind the features of an input. */
    public EpisodeLayout withCategories(List<Integer> values) {
        return new EpisodeLayout(features, classes, outputs, support, query, tasks, weighted, order, values);
    }

    /** The same layout with other sizes of the support and query set. */
    public EpisodeLayout withSizes(int supportSize, int querySize) {
        return new EpisodeLayout(
                features, classes, outputs, supportSize, querySize, tasks, weighted, order, categories);
    }

    /** The layout of {@code count} episodes of these shapes stacked into one. */
    public EpisodeLayout together(int count) {
        return new EpisodeLayout(
                features, classes, outputs, support, query, tasks * count, weighted, order, categories);
    }

    /** The layout of each of the stacked episodes. */
    public EpisodeLayout single() {
        return new EpisodeLayout(features, classes, outputs, support, query, 1, weighted, order, categories);
    }

    public boolean classification() {
        return classes > 0;
    }

    /** The arrays in the order in which an episode stores them: four, and the weights if it is weighted. */
    public Layout arrays() {
        Layout.Builder arrays = Layout.builder()
                .add(SUPPORT_X, stacked(input().stacked(support)))
                .add(SUPPORT_Y, stacked(target(support)))
                .add(QUERY_X, stacked(input().stacked(query)))
                .add(QUERY_Y, stacked(target(query)));
        if (weighted) {
            arrays.add(SUPPORT_WEIGHTS, stacked(Shape.of(support)));
            arrays.add(QUERY_WEIGHTS, stacked(Shape.of(query)));
        }
        return arrays.build();
    }

    /** The arrays of the support set. */
    public Layout supportArrays() {
        Layout.Builder arrays = Layout.builder()
                .add(SUPPORT_X, stacked(input().stacked(support)))
                .add(SUPPORT_Y, stacked(target(support)));
        if (weighted) {
            arrays.add(SUPPORT_WEIGHTS, stacked(Shape.of(support)));
        }
        return arrays.build();
    }

    /** The inputs of both sets, without targets. */
    public Layout inputArrays() {
        return Layout.builder()
                .add(SUPPORT_X, stacked(input().stacked(support)))
                .add(QUERY_X, stacked(input().stacked(query)))
                .build();
    }

    private Shape stacked(Shape single) {
        return tasks == 1 ? single : single.stacked(tasks);
    }

    /**
     * {@link #arrays()}, followed by the additional inputs of a program.
     *
     * @param additional {@link #KEY}, {@link #ROUND}, both or none, in the program's order
     */
    public Layout arraysAnd(List<String> additional) {
        Layout.Builder more = Layout.builder();
        for (String name : additional) {
            more.add(
                    name,
                    switch (name) {
                        case KEY -> Shape.of(TaskSpec.KEY_PARTS);
                        case ROUND -> Shape.scalar();
                        default ->
                            throw new IllegalArgumentException("an episode has no array " + name
                                    + "; additional ones are " + KEY + " and " + ROUND);
                    });
        }
        return arrays().then(more.build());
    }

    private Shape target(int examples) {
        return classification() ? Shape.of(examples) : Shape.of(examples, outputs);
    }
}
