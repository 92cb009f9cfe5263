package dev.kindling.driver.evaluation;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.IntRange;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * The protocol of an evaluation, stored with its result: results are comparable only under equal protocols.
 *
 * @param source name of the task source
 * @param split {@code train}, {@code val} or {@code test}; {@code fixed} for given episodes
 * @param ways number of classes of a task, 0 for regression; a range if it differs between tasks
 * @param shots number of support examples, per class for classification; a range if it differs between tasks
 * @param query number of query examples, per class for classification; a range if it differs between tasks
 * @param padding mean fraction of a task's examples that are padding, from 0 to 1
 * @param within for images, the group that a task samples its classes from: {@code split} or {@code alphabet}
 * @param episodes where the episodes were given; empty if they were drawn
 * @param tasks number of tasks
 * @param seed of drawn tasks
 * @param batchNorm the mode of batch norm
 * @param order of the training's meta-gradient: 2 if exact, 1 if first-order, 0 if neither
 */
public record Protocol(
        String source,
        String split,
        IntRange ways,
        IntRange shots,
        IntRange query,
        double padding,
        Optional<String> within,
        Optional<String> episodes,
        int tasks,
        long seed,
        String batchNorm,
        int order) {
    private static final String FIXED = "fixed";

    /**
     * The protocol of an evaluation.
     *
     * @param layouts all layouts that its tasks may have
     * @param padding mean fraction of a task's examples that are padding
     */
    public static Protocol of(
            String source,
            EvaluationSettings settings,
            List<EpisodeLayout> layouts,
            double padding,
            Optional<String> within,
            String batchNorm,
            int order) {
        return new Protocol(
                source,
                SplitNames.name(settings.split()),
                ways(layouts),
                shots(layouts),
                query(layouts),
                padding,
                within,
                Optional.empty(),
                settings.tasks(),
                settings.seed(),
                batchNorm,
                order);
    }

    /**
     * The same protocol for given episodes instead of drawn ones.
     *
     * @param place of the episodes
     * @param shots support images of a class
     * @param query query images of a class
     */
    public Protocol onFixedEpisodes(String place, IntRange shots, IntRange query) {
        return new Protocol(
                source,
                FIXED,
                ways,
                shots,
                query,
                padding,
                Optional.empty(),
                Optional.of(place),
                tasks,
                seed,
                batchNorm,
                order);
    }

    /** The same protocol on the first tasks alone. */
    Protocol ofFirst(int count) {
        return new Protocol(
                source,
                split,
                ways,
                shots,
                query,
                padding,
                within,
                episodes,
                Math.min(tasks, count),
                seed,
                batchNorm,
                order);
    }

    static IntRange ways(List<EpisodeLayout> layouts) {
        return range(layouts, EpisodeLayout::classes);
    }

    static IntRange shots(List<EpisodeLayout> layouts) {
        return range(layouts, layout -> ofEach(layout, layout.support()));
    }

    static IntRange query(List<EpisodeLayout> layouts) {
        return range(layouts, layout -> ofEach(layout, layout.query()));
    }

    /** Examples of each class; of all classes together where the sets have any number of examples of a class. */
    private static int ofEach(EpisodeLayout layout, int examples) {
        return layout.weighted() ? examples : examples / Math.max(1, layout.classes());
    }

    private static IntRange range(List<EpisodeLayout> layouts, ToIntFunction<EpisodeLayout> count) {
        return new IntRange(
                layouts.stream().mapToInt(count).min().orElseThrow(),
                layouts.stream().mapToInt(count).max().orElseThrow());
    }
}
