package dev.kindling.driver.evaluation;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.Split;

/**
 * How a run looks at tasks of the validation split while it trains.
 *
 * @param every rounds between two validations; 0 for none
 * @param patience validations without a better one after which training ends; 0 for never
 * @param tasks how many tasks, the same each time, at least 1
 * @param evaluationSeed {@code evaluation.seed}
 */
public record ValidationSettings(long every, int patience, int tasks, long evaluationSeed) {
    public ValidationSettings {
        atLeast(0, "run.validate-every", every);
        atLeast(0, "run.patience", patience);
        atLeast(1, "validation.tasks", tasks);
    }

    private static void atLeast(long least, String key, long value) {
        if (value < least) {
            throw new IllegalArgumentException(key + " is " + value + "; it must be at least " + least);
        }
    }

    /** Whether the run validates at all. */
    public boolean isOn() {
        return every > 0;
    }

    /** Whether there is a validation after the given count of rounds. */
    public boolean isDueAfter(long rounds) {
        return isOn() && rounds % every == 0;
    }

    /** Whether training ends after so many validations without a better one. */
    public boolean isExhaustedBy(int waited) {
        return patience > 0 && waited >= patience;
    }

    /**
     * What a validation adapts to. Its tasks come from a seed of their own, so that an evaluation on the validation split
     * meets other tasks than those by which its model was chosen.
     *
     * @param steps inner steps
     */
    public EvaluationSettings evaluation(int steps) {
        return new EvaluationSettings(
                tasks,
                steps,
                Split.VALIDATE,
                RandomStream.seed(evaluationSeed, Split.VALIDATE.key()),
                EvaluationSettings.Detail.SUMMARY);
    }
}
