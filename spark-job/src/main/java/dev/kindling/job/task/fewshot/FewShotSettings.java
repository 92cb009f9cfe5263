package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.ResolvedPath;
import dev.kindling.job.task.SettingsCodec;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * The settings of {@code task.source = few-shot}: the image sets that N-way K-shot classification tasks are drawn from, and
 * how.
 *
 * @param data image sets on any Hadoop file system, each a zip, a pack, a folder of zips or a folder of folders of images;
 *     {@code few-shot.data}
 * @param split which classes belong to the training, validation and test split; {@code few-shot.split}
 * @param ways number of classes of a task
 * @param classPool which classes the classes of a task are drawn from; {@code few-shot.within}
 * @param rotations whether a class that the split names without a rotation counts as four, turned by 0, 90, 180 and 270
 *     degrees; {@code few-shot.rotations}
 * @param trainOnValidation whether the classes of the validation split are training classes; {@code few-shot.train-on-validation}
 * @param augmentation random distortion of the images of training tasks
 * @param imageFormat size, channels and polarity of the images in a task
 * @param memory bytes that decoded images may take in one JVM, at least 0; {@code few-shot.memory}
 * @param sizes examples of each class
 */
public record FewShotSettings(
        List<String> data,
        SplitSettings split,
        WaySettings ways,
        ClassPool classPool,
        boolean rotations,
        boolean trainOnValidation,
        Augmentation augmentation,
        ImageFormat imageFormat,
        long memory,
        EpisodeSizes sizes) {
    /** The key of {@link #trainOnValidation}. */
    public static final String TRAIN_ON_VALIDATION = "few-shot.train-on-validation";

    private static final String DATA = "few-shot.data";
    private static final String CLASS_POOL = "few-shot.within";
    private static final String PATH_SEPARATOR = "\n";

    /** The classes that the classes of one task are drawn from. */
    public enum ClassPool {
        /** All classes of the split. */
        SPLIT("split"),
        /** The classes of one group: those whose folders have the same parent folder, such as an alphabet of Omniglot. */
        GROUP("alphabet");

        private final String text;

        ClassPool(String text) {
            this.text = text;
        }

        /** The constant for the text of {@code few-shot.within}; IllegalArgumentException if there is none. */
        public static ClassPool parse(String text) {
            return SettingsCodec.choice(ClassPool.class, pool -> pool.text, CLASS_POOL, text);
        }
    }

    /** Validates the settings; IllegalArgumentException for missing data, a negative amount of memory or an empty support set. */
    public FewShotSettings {
        data = List.copyOf(data);
        if (data.isEmpty() || data.stream().anyMatch(path -> path.isBlank() || path.contains(PATH_SEPARATOR))) {
            throw new IllegalArgumentException(
                    "few-shot.data is empty; it must be the path of a zip, of a pack or of a "
                            + "folder of images, or a list of such paths");
        }
        if (memory < 0) {
            throw new IllegalArgumentException("few-shot.memory is " + memory + "; it must be at least 0 bytes");
        }
        sizes.requireSupport();
    }

    /**
     * The same settings with absolute paths: the working directory of executors may differ from the driver's, so the driver
     * resolves paths before it sends the settings.
     *
     * @throws IllegalArgumentException if a path is malformed or names an unknown file system
     */
    public FewShotSettings qualified(Configuration hadoop) {
        List<String> paths =
                data.stream().map(path -> qualify(DATA, path, hadoop)).toList();
        for (String path : paths) {
            if (Collections.frequency(paths, path) > 1) {
                throw new IllegalArgumentException(
                        DATA + " names " + path + " twice; the same images would be two classes");
            }
        }
        return new FewShotSettings(
                paths,
                split instanceof SplitSettings.Named named && !named.isInData()
                        ? new SplitSettings.Named(qualify(SplitSettings.KEY, named.folder(), hadoop))
                        : split,
                ways,
                classPool,
                rotations,
                trainOnValidation,
                augmentation,
                imageFormat,
                memory,
                sizes);
    }

    /** The same settings with another value of {@link #rotations}. */
    FewShotSettings withRotations(boolean value) {
        return new FewShotSettings(
                data, split, ways, classPool, value, trainOnValidation, augmentation, imageFormat, memory, sizes);
    }

    /** The settings as text, under their configuration keys. */
    public SortedMap<String, String> toMap() {
        SortedMap<String, String> settings = new TreeMap<>();
        settings.put(DATA, String.join(PATH_SEPARATOR, data));
        split.putInto(settings);
        ways.putInto(settings);
        settings.put(CLASS_POOL, classPool.text);
        settings.put("few-shot.rotations", Boolean.toString(rotations));
        settings.put(TRAIN_ON_VALIDATION, Boolean.toString(trainOnValidation));
        augmentation.putInto(settings);
        imageFormat.putInto(settings);
        settings.put("few-shot.memory", Long.toString(memory));
        sizes.putInto(settings);
        return settings;
    }

    /** The settings that {@link #toMap} wrote; IllegalArgumentException if a key is missing or unreadable. */
    public static FewShotSettings fromMap(SortedMap<String, String> settings) {
        return new FewShotSettings(
                Arrays.asList(SettingsCodec.text(settings, DATA).split(PATH_SEPARATOR)),
                SplitSettings.from(settings),
                WaySettings.from(settings),
                ClassPool.parse(SettingsCodec.text(settings, CLASS_POOL)),
                SettingsCodec.bool(settings, "few-shot.rotations"),
                SettingsCodec.bool(settings, TRAIN_ON_VALIDATION),
                Augmentation.from(settings),
                ImageFormat.from(settings),
                SettingsCodec.longInteger(settings, "few-shot.memory"),
                EpisodeSizes.from(settings));
    }

    private static String qualify(String key, String path, Configuration hadoop) {
        return ResolvedPath.of(key, path, hadoop).path().toString();
    }
}
