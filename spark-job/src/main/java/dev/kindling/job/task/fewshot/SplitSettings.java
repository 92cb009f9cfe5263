package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.SettingsCodec;
import java.util.Map;

/** Which classes are for training, which for validation and which for testing: {@code few-shot.split}. */
public sealed interface SplitSettings {
    /**
     * As files say.
     *
     * @param folder with {@code train.txt}, {@code val.txt} and {@code test.txt}; empty for what the data itself holds:
     *     such files, or folders {@code train}, {@code val} and {@code test} of classes
     */
    record Named(String folder) implements SplitSettings {
        @Override
        public void putInto(Map<String, String> settings) {
            settings.put(KEY, folder);
        }

        /** Whether the data itself is to say it. */
        boolean isOfTheData() {
            return folder.isBlank();
        }
    }

    /**
     * By lot: a share of the classes for each purpose, what is left for testing.
     *
     * @param train share of the classes for training, above 0
     * @param validation share for validation, 0 for none
     * @param seed of the lot
     */
    record Shares(double train, double validation, long seed) implements SplitSettings {
        /** Refuses shares that are not a part of the whole with IllegalArgumentException. */
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

    /** The key of a folder. */
    String KEY = "few-shot.split";

    /** The keys of shares. */
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
