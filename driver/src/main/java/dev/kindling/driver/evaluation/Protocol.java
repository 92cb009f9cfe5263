package dev.kindling.driver.evaluation;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.IntRange;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * What an evaluation measured: stamped into its result, because without it the numbers mean nothing.
 *
 * @param source name of the task source
 * @param split {@code train}, {@code val} or {@code test}
 * @param ways classes of a task, 0 for regression; a range where they differ from task to task
 * @param shots support examples, of each class where there are classes; a range where they differ from task to task
 * @param query query examples, of each class where there are classes
 * @param within for images, which classes meet in a task: {@code split} or {@code alphabet}
 * @param tasks how many tasks
 * @param seed of the tasks
 * @param batchNorm whose statistics batch norm used
 * @param order of the training's meta-gradient: 2 for an exact one, 1 for a first-order one, 0 where it is neither
 */
public record Protocol(
        String source,
        String split,
        IntRange ways,
        IntRange shots,
        int query,
        Optional<String> within,
        int tasks,
        long seed,
        String batchNorm,
        int order) {

    /**
     * The protocol of evaluating tasks.
     *
     * @param layouts all shapes that these may have
     */
    public static Protocol of(
            String source,
            EvaluationSettings settings,
            List<EpisodeLayout> layouts,
            Optional<String> within,
            String batchNorm,
            int order) {
        return new Protocol(
                source,
                SplitNames.name(settings.split()),
                ways(layouts),
                shots(layouts),
                query(layouts),
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
        return ofEach(layouts.get(0), layouts.get(0).query());
    }

    private static int ofEach(EpisodeLayout layout, int examples) {
        return examples / Math.max(1, layout.classes());
    }

    private static IntRange range(List<EpisodeLayout> layouts, ToIntFunction<EpisodeLayout> count) {
        return new IntRange(
                layouts.stream().mapToInt(count).min().orElseThrow(),
                layouts.stream().mapToInt(count).max().orElseThrow());
    }
}
