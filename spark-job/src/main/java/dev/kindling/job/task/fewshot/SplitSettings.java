package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.SettingsCodec;
import java.util.Map;

/** The settings {@code few-shot.split}: how classes are divided into training, validation and test split. */
public sealed interface SplitSettings {
    /**
     * Splits read from files.
     *
     * @param folder with {@code train.txt}, {@code val.txt} and {@code test.txt}; empty for the splits that come with the
     *     data: such files, or folders {@code train}, {@code val} and {@code test} of classes
     */
    record Named(String folder) implements SplitSettings {
        @Override
        public void putInto(Map<String, String> settings) {
            settings.put(KEY, folder);
        }

        /** Whether the splits come with the data. */
        boolean isInData() {
            return folder.isBlank();
        }
    }

    /**
     * Random splits: a fraction of the classes for training and validation each, the rest for testing.
     *
     * @param train fraction of the classes for training, above 0
     * @param validation fraction for validation, 0 for none
     * @param seed of the draw
     */
    record Shares(double train, double validation, long seed) implements SplitSettings {
        /** Validates the fractions; IllegalArgumentException if {@code train} is not positive or their sum exceeds 1. */
        public Shares {
            if (!(train > 0 && validation >= 0 && train + validation <= 1)) {
                throw new IllegalArgumentException("few-shot.split has train = " + train + " and validation = "
                        + validation + "; they must be shares, train above 0 and both together at most 1");
            }
        }

        @Override
        public void putInto(Map<String, String> settings) {
            settings.put(TRAIN, Double.toString(train));
            settings.put(VALIDATION, Double.toString(validation));
            settings.put(SEED, Long.toString(seed));
        }
    }

    /** The key of the folder. */
    String KEY = "few-shot.split";

    /** The keys of the fractions. */
    String TRAIN = KEY + ".train";

    String VALIDATION = KEY + ".validation";
    String SEED = KEY + ".seed";

    /** Adds these settings to a source's settings as text. */
    void putInto(Map<String, String> settings);

    /** The settings that {@link #putInto} wrote. */
    static SplitSettings from(Map<String, String> settings) {
        return settings.containsKey(TRAIN)
                ? new Shares(
                        SettingsCodec.number(settings, TRAIN),
                        SettingsCodec.number(settings, VALIDATION),
                        SettingsCodec.longInteger(settings, SEED))
                : new Named(SettingsCodec.text(settings, KEY));
    }
}
