package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.SettingsCodec;
import dev.kindling.job.task.Split;
import java.util.Map;

/**
 * How many classes a task has, in training and in evaluation.
 *
 * @param training at least 2; {@code few-shot.ways}
 * @param evaluation in validation and testing, at least 2; {@code evaluation.ways}
 */
public record WaySettings(IntRange training, IntRange evaluation) {
    private static final String TRAINING = "few-shot.ways";
    private static final String EVALUATION = "evaluation.ways";

    /** Refuses fewer than 2 ways with IllegalArgumentException. */
    public WaySettings {
        SettingsCodec.atLeast(2, TRAINING, training.least());
        SettingsCodec.atLeast(2, EVALUATION, evaluation.least());
    }

    /** The same for all tasks. */
    public static WaySettings of(int ways) {
        return new WaySettings(IntRange.of(ways), IntRange.of(ways));
    }

    /** What a task drawn for the given purpose may have. */
    public IntRange of(Split split) {
        return split == Split.TRAIN ? training : evaluation;
    }

    /** The setting behind {@link #of(Split)}, as a clause such as {@code few-shot.ways is 5}. */
    String clause(Split split) {
        return split == Split.TRAIN || evaluation.equals(training)
                ? TRAINING + " is " + training
                : EVALUATION + " is " + evaluation;
    }

    /** All settings that differ, as a clause such as {@code few-shot.ways is 5 and evaluation.ways is 20}. */
    @Override
    public String toString() {
        String first = clause(Split.TRAIN);
        return evaluation.equals(training) ? first : first + " and " + clause(Split.TEST);
    }

    void putInto(Map<String, String> settings) {
        settings.put(TRAINING, training.toString());
        settings.put(EVALUATION, evaluation.toString());
    }

    static WaySettings from(Map<String, String> settings) {
        return new WaySettings(SettingsCodec.counts(settings, TRAINING), SettingsCodec.counts(settings, EVALUATION));
    }
}
