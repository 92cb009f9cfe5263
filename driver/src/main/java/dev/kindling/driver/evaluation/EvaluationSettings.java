package dev.kindling.driver.evaluation;

import dev.kindling.job.task.Split;

/**
 * The settings of an evaluation.
 *
 * @param tasks number of tasks, at least 1
 * @param steps maximum number of inner steps; it measures after 0, 1, ... steps
 * @param split of the tasks
 * @param seed of the tasks, independent of the run's seed
 * @param detail of the result
 */
public record EvaluationSettings(int tasks, int steps, Split split, long seed, Detail detail) {
    /** The level of detail of a result. */
    public enum Detail {
        /** Statistics over all tasks. */
        SUMMARY,
        /** Additionally the results of each task. */
        EACH_TASK;

        /** The constant for {@code evaluation.per-task}. */
        public static Detail of(boolean perTask) {
            return perTask ? EACH_TASK : SUMMARY;
        }
    }

    public EvaluationSettings {
        if (tasks < 1) {
            throw new IllegalArgumentException("evaluation.tasks is " + tasks + "; it must be at least 1");
        }
        if (steps < 0) {
            throw new IllegalArgumentException("evaluation.steps is " + steps + "; it must be at least 0");
        }
    }
}
