package dev.kindling.driver.evaluation;

import dev.kindling.job.task.Split;
import java.util.OptionalInt;

/**
 * The settings of an evaluation.
 *
 * @param tasks number of tasks; 0 for no evaluation
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

    /** The number that stands for all tasks of the split, {@code all} in the configuration. */
    public static final int ALL_TASKS = Integer.MAX_VALUE;

    public EvaluationSettings {
        if (tasks < 0) {
            throw new IllegalArgumentException("evaluation.tasks is " + tasks + "; it must be at least 0");
        }
        if (steps < 0) {
            throw new IllegalArgumentException("evaluation.steps is " + steps + "; it must be at least 0");
        }
    }

    /** Whether there is an evaluation at all. */
    public boolean isOn() {
        return tasks > 0;
    }

    /**
     * The same settings with at most the given number of tasks.
     *
     * @param most the number of tasks of the split; empty if tasks are drawn without end
     * @throws IllegalArgumentException if all tasks are to be evaluated and their number is not finite
     */
    public EvaluationSettings limitedTo(OptionalInt most) {
        return new EvaluationSettings(limited("evaluation.tasks", tasks, most), steps, split, seed, detail);
    }

    static int limited(String key, int tasks, OptionalInt most) {
        if (most.isEmpty() && tasks == ALL_TASKS) {
            throw new IllegalArgumentException(
                    key + " is all; it must be a number for a task source that draws tasks without end");
        }
        return Math.min(tasks, most.orElse(tasks));
    }
}
