package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SettingsCodec;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * What N-way K-shot tasks are drawn from.
 *
 * @param data image sets on any Hadoop file system, each a zip, a pack, a folder of zips or a folder of folders of images;
 *     {@code few-shot.data}
 * @param split which classes are for what; {@code few-shot.split}
 * @param ways classes of a task
 * @param within which classes may meet in a task; {@code few-shot.within}
 * @param rotations whether rotated images make classes of their own; {@code few-shot.rotations}
 * @param imageFormat what images become
 * @param memory bytes that decoded images may take in one JVM, at least 0; {@code few-shot.memory}
 * @param sizes examples of each class
 */
public record FewShotSettings(
        List<String> data,
        SplitSettings split,
        WaySettings ways,
        Within within,
        Rotations rotations,
        ImageFormat imageFormat,
        long memory,
        EpisodeSizes sizes) {
    private static final String DATA = "few-shot.data";
    private static final String BETWEEN_PATHS = "\n";

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

    /** Which classes may meet in a task. */
    public enum Within {
        /** All classes of the split. */
        SPLIT,
        /** Those of one alphabet: classes whose folders lie in one folder. */
        ALPHABET
    }

    /** Refuses missing data and a negative budget with IllegalArgumentException. */
    public FewShotSettings {
        data = List.copyOf(data);
        if (data.isEmpty() || data.stream().anyMatch(path -> path.isBlank() || path.contains(BETWEEN_PATHS))) {
            throw new IllegalArgumentException(
                    "few-shot.data is empty; it must be the path of a zip, of a pack or of a "
                            + "folder of images, or a list of such paths");
        }
        if (memory < 0) {
            throw new IllegalArgumentException("few-shot.memory is " + memory + "; it must be at least 0 bytes");
        }
    }

    /**
     * The same settings with absolute paths. Executors may run in another working directory than the driver, so the
     * driver makes paths absolute before it describes the source to them.
     *
     * @throws IllegalArgumentException if a path is not one or names an unknown file system
     */
    public FewShotSettings qualified(Configuration hadoop) {
        List<String> places =
                data.stream().map(path -> qualify(DATA, path, hadoop)).toList();
        for (String place : places) {
            if (Collections.frequency(places, place) > 1) {
                throw new IllegalArgumentException(
                        DATA + " names " + place + " twice; the same images would be classes of two names");
            }
        }
        return new FewShotSettings(
                places,
                split instanceof SplitSettings.Named named && !named.isOfTheData()
                        ? new SplitSettings.Named(qualify(SplitSettings.KEY, named.folder(), hadoop))
                        : split,
                ways,
                within,
                rotations,
                imageFormat,
                memory,
                sizes);
    }

    /** The same settings but for what rotations count as. */
    FewShotSettings withRotations(Rotations other) {
        return new FewShotSettings(data, split, ways, within, other, imageFormat, memory, sizes);
    }

    /** The settings as text, under their configuration keys. */
    public SortedMap<String, String> toMap() {
        SortedMap<String, String> settings = new TreeMap<>();
        settings.put(DATA, String.join(BETWEEN_PATHS, data));
        split.putInto(settings);
        ways.putInto(settings);
        settings.put("few-shot.within", SettingsCodec.lowerCase(within));
        settings.put("few-shot.rotations", Boolean.toString(rotations == Rotations.FOUR_CLASSES));
        imageFormat.putInto(settings);
        settings.put("few-shot.memory", Long.toString(memory));
        sizes.putInto(settings);
        return settings;
    }

    /** The settings that {@link #toMap} wrote; IllegalArgumentException if a key is missing or unreadable. */
    public static FewShotSettings fromMap(SortedMap<String, String> settings) {
        return new FewShotSettings(
                Arrays.asList(SettingsCodec.text(settings, DATA).split(BETWEEN_PATHS)),
                SplitSettings.from(settings),
                WaySettings.from(settings),
                SettingsCodec.choice(Within.class, "few-shot.within", SettingsCodec.text(settings, "few-shot.within")),
                Rotations.of(SettingsCodec.bool(settings, "few-shot.rotations")),
                ImageFormat.from(settings),
                SettingsCodec.longInteger(settings, "few-shot.memory"),
                EpisodeSizes.from(settings));
    }

    private static String qualify(String key, String path, Configuration hadoop) {
        return ResolvedPath.of(key, path, hadoop).path().toString();
    }
}
