package dev.kindling.job.task.fewshot;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.SettingsCodec;
import java.util.Map;

/**
 * Random distortion of the images of training tasks: x' = R(φ)·K(λ)·diag(h, w)·x + t about an image's centre, with scaling diag,
 * shear K, rotation R and translation t, all drawn for each image of each task. The distortions are those of Koch, Zemel and
 * Salakhutdinov ("Siamese neural networks for one-shot image recognition", 2015), who apply each with probability one half.
 *
 * @param rotation the largest angle in degrees, 0 to 180; {@code augmentation.rotation}
 * @param translation the largest shift of rows and of columns, as a fraction of the image's size, at least 0 and below 1;
 *     {@code augmentation.translation}
 * @param scaling s, at least 0 and below 1: heights and widths are multiplied by factors of 1 - s to 1 + s, each by its own;
 *     {@code augmentation.scaling}
 * @param shear the largest angle in degrees by which upright lines lean, at least 0 and below 90; {@code augmentation.shear}
 */
public record Augmentation(double rotation, double translation, double scaling, double shear) {
    /** The keys of the settings. */
    public static final String ROTATION = "augmentation.rotation";

    public static final String TRANSLATION = "augmentation.translation";
    public static final String SCALING = "augmentation.scaling";
    public static final String SHEAR = "augmentation.shear";

    /** Images as they are. */
    public static final Augmentation NONE = new Augmentation(0, 0, 0, 0);

    /** Validates the settings; IllegalArgumentException for a value out of its range. */
    public Augmentation {
        if (!(rotation >= 0 && rotation <= 180)) {
            throw new IllegalArgumentException(ROTATION + " is " + rotation + "; it must be from 0 to 180 degrees");
        }
        requireFraction(TRANSLATION, translation);
        requireFraction(SCALING, scaling);
        if (!(shear >= 0 && shear < 90)) {
            throw new IllegalArgumentException(SHEAR + " is " + shear + "; it must be at least 0 and below 90 degrees");
        }
    }

    private static void requireFraction(String key, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(key + " is " + value + "; it must be at least 0 and below 1");
        }
    }

    /** Whether images are left as they are. */
    boolean isNone() {
        return equals(NONE);
    }

    /**
     * The inverse map, from a position in the distorted image to one in the original, both relative to the centre.
     *
     * @param rowByRow the original's row for each row of the distorted image
     * @param rowByColumn the original's row for each column
     * @param row the original's row for the distorted image's centre
     * @param columnByRow the original's column for each row of the distorted image
     * @param columnByColumn the original's column for each column
     * @param column the original's column for the distorted image's centre
     */
    record Origin(
            double rowByRow, double rowByColumn, double row, double columnByRow, double columnByColumn, double column) {
        double row(double ofRow, double ofColumn) {
            return rowByRow * ofRow + rowByColumn * ofColumn + row;
        }

        double column(double ofRow, double ofColumn) {
            return columnByRow * ofRow + columnByColumn * ofColumn + column;
        }
    }

    /** Draws the distortion of an image; returns its inverse. */
    Origin draw(RandomStream stream, int size) {
        double angle = StrictMath.toRadians(stream.nextDouble(-rotation, rotation));
        double lean = StrictMath.tan(StrictMath.toRadians(stream.nextDouble(-shear, shear)));
        double height = stream.nextDouble(1 - scaling, 1 + scaling);
        double width = stream.nextDouble(1 - scaling, 1 + scaling);
        double row = size * stream.nextDouble(-translation, translation);
        double column = size * stream.nextDouble(-translation, translation);
        double sin = StrictMath.sin(angle);
        double cos = StrictMath.cos(angle);
        // Backwards: rotate, undo the leaning of upright lines, then divide by the factors.
        double rowByRow = cos / height;
        double rowByColumn = -sin / height;
        double columnByRow = (sin - lean * cos) / width;
        double columnByColumn = (cos + lean * sin) / width;
        return new Origin(
                rowByRow,
                rowByColumn,
                -(rowByRow * row + rowByColumn * column),
                columnByRow,
                columnByColumn,
                -(columnByRow * row + columnByColumn * column));
    }

    void putInto(Map<String, String> settings) {
        settings.put(ROTATION, Double.toString(rotation));
        settings.put(TRANSLATION, Double.toString(translation));
        settings.put(SCALING, Double.toString(scaling));
        settings.put(SHEAR, Double.toString(shear));
    }

    static Augmentation from(Map<String, String> settings) {
        return new Augmentation(
                SettingsCodec.number(settings, ROTATION),
                SettingsCodec.number(settings, TRANSLATION),
                SettingsCodec.number(settings, SCALING),
                SettingsCodec.number(settings, SHEAR));
    }
}
