package dev.kindling.driver.evaluation;

import dev.kindling.job.task.Split;

/**
 * What an evaluation adapts to.
 *
 * @param tasks how many tasks, at least 1
 * @param steps inner steps after which it measures, 0, 1, ... steps
 * @param split which tasks: those of training, validation or test
 * @param seed of the tasks, whatever the run's seed is
 * @param detail of what it hands on
 */
public record EvaluationSettings(int tasks, int steps, Split split, long seed, Detail detail) {
    /** What an evaluation says of its tasks. */
    public enum Detail {
        /** Statistics over all of them. */
        SUMMARY,
        /** Each by itself too. */
        EACH_TASK;

        /** The constant for the truth value of {@code evaluation.per-task}. */
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
