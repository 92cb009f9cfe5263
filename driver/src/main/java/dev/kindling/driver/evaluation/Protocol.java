package dev.kindling.driver.evaluation;

import dev.kindling.job.task.EpisodeLayout;

/**
 * What an evaluation measured: stamped into its result, because without it the numbers mean nothing.
 *
 * @param source name of the task source
 * @param split {@code train}, {@code val} or {@code test}
 * @param ways classes of a task, 0 for regression
 * @param shots support examples, of each class where there are classes
 * @param query query examples, of each class where there are classes
 * @param tasks how many tasks
 * @param seed of the tasks
 * @param batchNorm whose statistics batch norm used
 * @param order 2 for a method trained by the exact meta-gradient, 1 for a first-order one
 */
public record Protocol(
        String source,
        String split,
        int ways,
        int shots,
        int query,
        int tasks,
        long seed,
        String batchNorm,
        int order) {

    /** The protocol of evaluating tasks of the given shapes. */
    public static Protocol of(
            String source, EvaluationSettings settings, EpisodeLayout layout, String batchNorm, int order) {
        int classes = Math.max(1, layout.classes());
        return new Protocol(
                source,
                Splits.name(settings.split()),
                layout.classes(),
                layout.support() / classes,
                layout.query() / classes,
                settings.tasks(),
                settings.seed(),
                batchNorm,
                order);
    }
}
