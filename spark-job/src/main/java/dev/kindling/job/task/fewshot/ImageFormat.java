package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.SettingsCodec;
import java.util.Map;

/**
 * The format of images in a task.
 *
 * @param size height and width in pixels, 1 to 1024; {@code few-shot.image-size}
 * @param channels 1 for grey, 3 for red, green and blue; {@code few-shot.channels}
 * @param polarity which end of the scale is 1; {@code few-shot.polarity}
 */
public record ImageFormat(int size, int channels, Polarity polarity) {
    private static final int LARGEST = 1024;

    /** The end of a sample's scale that is represented by 1; the other is 0. */
    public enum Polarity {
        /** Black is 1 and white is 0, as for drawings on paper. */
        DARK,
        /** White is 1 and black is 0, as for photographs. */
        LIGHT;

        /** The polarity that {@code few-shot.polarity = auto} selects for a number of channels. */
        public static Polarity usual(int channels) {
            return channels == 1 ? DARK : LIGHT;
        }

        /** The number, 0 to 1, that represents a sample of 0 to 255. */
        double of(double sample) {
            return this == DARK ? 1 - sample / 255.0 : sample / 255.0;
        }
    }

    /** Validates the format; IllegalArgumentException for a size outside 1..1024 or channels other than 1 and 3. */
    public ImageFormat {
        if (size < 1 || size > LARGEST) {
            throw new IllegalArgumentException("few-shot.image-size is " + size + "; it must be from 1 to " + LARGEST);
        }
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException(
                    "few-shot.channels is " + channels + "; it must be 1 for grey or 3 for colour");
        }
    }

    /** The number of samples of one image. */
    int samples() {
        return channels * size * size;
    }

    void putInto(Map<String, String> settings) {
        settings.put("few-shot.image-size", Integer.toString(size));
        settings.put("few-shot.channels", Integer.toString(channels));
        settings.put("few-shot.polarity", SettingsCodec.lowerCase(polarity));
    }

    static ImageFormat from(Map<String, String> settings) {
        return new ImageFormat(
                SettingsCodec.integer(settings, "few-shot.image-size"),
                SettingsCodec.integer(settings, "few-shot.channels"),
                SettingsCodec.choice(
                        Polarity.class, "few-shot.polarity", SettingsCodec.text(settings, "few-shot.polarity")));
    }
}
