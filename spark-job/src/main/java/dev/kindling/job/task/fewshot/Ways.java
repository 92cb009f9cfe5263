package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.Counts;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.SettingsText;
import java.util.Map;

/**
 * How many classes a task has, in training and in evaluation.
 *
 * @param training at least 2; {@code few-shot.ways}
 * @param evaluation in validation and testing, at least 2; {@code evaluation.ways}
 */
public record Ways(Counts training, Counts evaluation) {
    private static final String TRAINING = "few-shot.ways";
    private static final String EVALUATION = "evaluation.ways";

    /** Refuses fewer than 2 ways with IllegalArgumentException. */
    public Ways {
        SettingsText.atLeast(2, TRAINING, training.least());
        SettingsText.atLeast(2, EVALUATION, evaluation.least());
    }

    /** The same for all tasks. */
    public static Ways of(int ways) {
        return new Ways(Counts.of(ways), Counts.of(ways));
    }

    /** What a task drawn for the given purpose may have. */
    public Counts of(Purpose purpose) {
        return purpose == Purpose.TRAIN ? training : evaluation;
    }

    /** The setting behind {@link #of(Purpose)}, as a clause such as {@code few-shot.ways is 5}. */
    String clause(Purpose purpose) {
        return purpose == Purpose.TRAIN || evaluation.equals(training)
                ? TRAINING + " is " + training
                : EVALUATION + " is " + evaluation;
    }

    /** All settings that differ, as a clause such as {@code few-shot.ways is 5 and evaluation.ways is 20}. */
    @Override
    public String toString() {
        String first = clause(Purpose.TRAIN);
        return evaluation.equals(training) ? first : first + " and " + clause(Purpose.TEST);
    }

    void putInto(Map<String, String> settings) {
        settings.put(TRAINING, training.toString());
        settings.put(EVALUATION, evaluation.toString());
    }

    static Ways from(Map<String, String> settings) {
        return new Ways(SettingsText.counts(settings, TRAINING), SettingsText.counts(settings, EVALUATION));
    }
}
