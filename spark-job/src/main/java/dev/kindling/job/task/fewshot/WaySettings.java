package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.SettingsCodec;
import dev.kindling.job.task.Split;
import java.util.Map;

/**
 * The number of classes (ways) of a task, in training and in evaluation.
 *
 * @param training at least 2; {@code few-shot.ways}
 * @param evaluation in validation and testing, at least 2; {@code evaluation.ways}
 */
public record WaySettings(IntRange training, IntRange evaluation) {
    private static final String TRAINING = "few-shot.ways";
    private static final String EVALUATION = "evaluation.ways";

    /** Validates the settings; IllegalArgumentException for fewer than 2 ways. */
    public WaySettings {
        SettingsCodec.atLeast(2, TRAINING, training.least());
        SettingsCodec.atLeast(2, EVALUATION, evaluation.least());
    }

    /** The same for all tasks. */
    public static WaySettings of(int ways) {
        return new WaySettings(IntRange.of(ways), IntRange.of(ways));
    }

    /** The numbers of classes that a task of the given split may have. */
    public IntRange of(Split split) {
        return split == Split.TRAIN ? training : evaluation;
    }

    /** The setting that {@link #of(Split)} comes from, as a clause such as {@code few-shot.ways is 5}. */
    String clause(Split split) {
        return split == Split.TRAIN || evaluation.equals(training)
                ? TRAINING + " is " + training
                : EVALUATION + " is " + evaluation;
    }

    /** The settings, as a clause such as {@code few-shot.ways is 5 and evaluation.ways is 20}. */
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
        return new WaySettings(
                SettingsCodec.intRange(settings, TRAINING), SettingsCodec.intRange(settings, EVALUATION));
    }
}
