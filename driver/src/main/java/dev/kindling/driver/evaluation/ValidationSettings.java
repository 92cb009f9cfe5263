package dev.kindling.driver.evaluation;

import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.Split;
import java.util.OptionalInt;

/**
 * The settings of validation during training, on tasks of the validation split.
 *
 * @param every rounds between two validations; 0 for none
 * @param patience number of validations without improvement after which training ends; 0 for no limit
 * @param measure the score by which the best model is chosen
 * @param tasks number of tasks, the same in every validation, at least 1
 * @param evaluationSeed {@code evaluation.seed}
 */
public record ValidationSettings(long every, int patience, Validation.Measure measure, int tasks, long evaluationSeed) {
    public ValidationSettings {
        atLeast(0, "run.validate-every", every);
        atLeast(0, "run.patience", patience);
        atLeast(1, "validation.tasks", tasks);
    }

    /** As {@link EvaluationSettings#limitedTo}, for {@code validation.tasks}. */
    public ValidationSettings limitedTo(OptionalInt most) {
        return new ValidationSettings(
                every, patience, measure, EvaluationSettings.limited("validation.tasks", tasks, most), evaluationSeed);
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

    /** Whether there is a validation after the given number of rounds. */
    public boolean isDueAfter(long rounds) {
        return isOn() && rounds % every == 0;
    }

    /** Whether training ends after the given number of validations without improvement. */
    public boolean isExhaustedBy(int validationsWithoutImprovement) {
        return patience > 0 && validationsWithoutImprovement >= patience;
    }

    /**
     * The settings of the evaluation that a validation makes. Its tasks have a separate seed, so that a later evaluation on the
     * validation split does not use the tasks by which the model was selected.
     *
     * @param steps number of inner steps
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
