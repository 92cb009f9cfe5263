package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SettingsText;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * What N-way K-shot tasks are drawn from.
 *
 * @param data a zip, a folder of zips or a folder of folders of images, on any Hadoop file system; {@code few-shot.data}
 * @param split a folder with {@code train.txt}, {@code val.txt} and {@code test.txt}; empty for the data folder itself or
 *     the one folder in it that holds such files; {@code few-shot.split}
 * @param ways classes of a task, at least 2; {@code few-shot.ways}
 * @param rotations whether rotated images make classes of their own; {@code few-shot.rotations}
 * @param imageSize height and width of the images that a task holds, in pixels; {@code few-shot.image-size}
 * @param sizes examples of each class
 */
public record FewShotSettings(
        String data, String split, int ways, Rotations rotations, int imageSize, EpisodeSizes sizes) {
    private static final int LARGEST_IMAGE = 1024;

    /** What the rotations of a class count as. */
    public enum Rotations {
        /** A class is as the split names it. */
        AS_NAMED,
        /** A class that the split names without a rotation is four: turned by 0, 90, 180 and 270 degrees. */
        FOUR_CLASSES;

        /** The constant for the truth value of {@code few-shot.rotations}. */
        public static Rotations of(boolean rotations) {
            return rotations ? FOUR_CLASSES : AS_NAMED;
        }
    }

    /** Refuses an empty data path, fewer than 2 ways and an image size outside 1..1024 with IllegalArgumentException. */
    public FewShotSettings {
        if (data.isBlank()) {
            throw new IllegalArgumentException(
                    "few-shot.data is empty; it must be the path of a zip or of a folder of images");
        }
        SettingsText.atLeast(2, "few-shot.ways", ways);
        if (imageSize < 1 || imageSize > LARGEST_IMAGE) {
            throw new IllegalArgumentException(
                    "few-shot.image-size is " + imageSize + "; it must be from 1 to " + LARGEST_IMAGE);
        }
    }

    /**
     * The same settings with absolute paths. Executors may run in another working directory than the driver, so the
     * driver makes paths absolute before it describes the source to them.
     *
     * @throws IllegalArgumentException if a path is not one or names an unknown file system
     */
    public FewShotSettings qualified(Configuration hadoop) {
        return new FewShotSettings(
                qualify("few-shot.data", data, hadoop),
                split.isBlank() ? split : qualify("few-shot.split", split, hadoop),
                ways,
                rotations,
                imageSize,
                sizes);
    }

    /** The settings as text, under their configuration keys. */
    public SortedMap<String, String> toMap() {
        SortedMap<String, String> settings = new TreeMap<>();
        settings.put("few-shot.data", data);
        settings.put("few-shot.split", split);
        settings.put("few-shot.ways", Integer.toString(ways));
        settings.put("few-shot.rotations", Boolean.toString(rotations == Rotations.FOUR_CLASSES));
        settings.put("few-shot.image-size", Integer.toString(imageSize));
        sizes.putInto(settings);
        return settings;
    }

    /** The settings that {@link #toMap} wrote; IllegalArgumentException if a key is missing or unreadable. */
    public static FewShotSettings fromMap(SortedMap<String, String> settings) {
        return new FewShotSettings(
                SettingsText.text(settings, "few-shot.data"),
                SettingsText.text(settings, "few-shot.split"),
                SettingsText.whole(settings, "few-shot.ways"),
                Rotations.of(SettingsText.truth(settings, "few-shot.rotations")),
                SettingsText.whole(settings, "few-shot.image-size"),
                EpisodeSizes.from(settings));
    }

    private static String qualify(String key, String path, Configuration hadoop) {
        return Location.of(key, path, hadoop).path().toString();
    }
}
