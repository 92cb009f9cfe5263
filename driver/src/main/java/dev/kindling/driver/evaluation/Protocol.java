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
 * @param split {@code train}, {@code val} or {@code test}
 * @param ways number of classes of a task, 0 for regression; a range if it differs between tasks
 * @param shots number of support examples, per class for classification; a range if it differs between tasks
 * @param query number of query examples, per class for classification
 * @param padding mean fraction of a task's examples that are padding, from 0 to 1
 * @param within for images, the group that a task samples its classes from: {@code split} or {@code alphabet}
 * @param tasks number of tasks
 * @param seed of the tasks
 * @param batchNorm the mode of batch norm
 * @param order of the training's meta-gradient: 2 if exact, 1 if first-order, 0 if neither
 */
public record Protocol(
        String source,
        String split,
        IntRange ways,
        IntRange shots,
        int query,
        double padding,
        Optional<String> within,
        int tasks,
        long seed,
        String batchNorm,
        int order) {

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
                settings.tasks(),
                settings.seed(),
                batchNorm,
                order);
    }

    static IntRange ways(List<EpisodeLayout> layouts) {
        return range(layouts, EpisodeLayout::classes);
    }

    static IntRange shots(List<EpisodeLayout> layouts) {
        return range(layouts, layout -> ofEach(layout, layout.support()));
    }

    static int query(List<EpisodeLayout> layouts) {
        return ofEach(
                layouts.get(layouts.size() - 1), layouts.get(layouts.size() - 1).query());
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
