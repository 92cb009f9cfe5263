package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.ResolvedPath;
import dev.kindling.job.task.Split;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * The image sets of {@code few-shot.data} combined into one: their classes and splits.
 *
 * <p>If there are several sets, each is named by the last part of its path without extension, and its class names are prefixed
 * by that name ({@code omniglot/Angelic/character01}). Sets with the same name are numbered in the order of the setting.
 *
 * @param index the classes of all sets
 * @param splits empty if the settings define none and at least one set has none
 */
record ImageSets(ImageIndex index, Optional<ClassSplits> splits) {
    /** One of the image sets. */
    private record OneSet(ResolvedPath path, ImageIndex index) {
        /** The splits that come with the set itself; empty if there are none. */
        Map<Split, SplitListing> ownSplits() {
            for (ImageStore store : index.stores()) {
                if (store instanceof PackStore pack && !pack.splits().isEmpty()) {
                    Map<Split, SplitListing> lines = new EnumMap<>(Split.class);
                    pack.splits()
                            .forEach((split, names) -> lines.put(
                                    split, new SplitListing(SplitFiles.name(split) + " of " + pack.name(), names)));
                    return lines;
                }
            }
            return SplitFiles.find(path).map(SplitFiles::read).orElseGet(() -> SplitFolders.read(index, path));
        }
    }

    /**
     * Opens the sets and determines the splits.
     *
     * @throws dev.kindling.job.error.BadDataException if data or splits are missing, empty or damaged
     * @throws IllegalArgumentException if splits share a class
     */
    static ImageSets open(FewShotSettings settings, Configuration hadoop) {
        SortedMap<String, OneSet> sets = sets(settings, hadoop);
        ImageIndex index = index(sets);
        return new ImageSets(index, splits(settings, sets, index, hadoop));
    }

    private static Optional<ClassSplits> splits(
            FewShotSettings settings, SortedMap<String, OneSet> sets, ImageIndex index, Configuration hadoop) {
        if (settings.split() instanceof SplitSettings.Shares shares) {
            return Optional.of(SplitReader.read(RandomSplit.draw(shares, index), index, settings.rotations()));
        }
        SplitSettings.Named named = (SplitSettings.Named) settings.split();
        if (!named.isInData()) {
            ResolvedPath folder = ResolvedPath.of(SplitSettings.KEY, named.folder(), hadoop);
            return Optional.of(SplitReader.read(SplitFiles.read(folder), index, settings.rotations()));
        }
        List<ClassSplits> each = new ArrayList<>();
        sets.forEach((name, set) -> {
            Map<Split, SplitListing> lines = set.ownSplits();
            if (!lines.isEmpty()) {
                ClassSplits splits = SplitReader.read(lines, set.index(), settings.rotations());
                each.add(sets.size() == 1 ? splits : splits.inSet(name));
            }
        });
        return each.size() == sets.size() ? Optional.of(ClassSplits.joined(each)) : Optional.empty();
    }

    /** The splits; IllegalArgumentException if neither the settings nor the data have any. */
    ClassSplits requiredSplits() {
        return splits.orElseThrow(() -> new IllegalArgumentException("few-shot.split is empty and few-shot.data, "
                + index.stores().get(0).name() + ", does not hold exactly one folder of splits, nor its classes in "
                + "folders train, val and test; few-shot.split must be a folder with train.txt, val.txt and test.txt, "
                + "or shares such as { train = 0.64, validation = 0.16, seed = 1 }"));
    }

    private static ImageIndex index(SortedMap<String, OneSet> sets) {
        if (sets.size() == 1) {
            return sets.values().iterator().next().index();
        }
        SortedMap<String, ImageIndex> indexes = new TreeMap<>();
        sets.forEach((name, set) -> indexes.put(name, set.index()));
        return ImageIndex.joined(indexes);
    }

    private static SortedMap<String, OneSet> sets(FewShotSettings settings, Configuration hadoop) {
        SortedMap<String, OneSet> sets = new TreeMap<>();
        for (String path : settings.data()) {
            ResolvedPath resolved = ResolvedPath.of("few-shot.data", path, hadoop);
            ImageIndex index = ImageIndex.open(resolved);
            index.stores().forEach(store -> store.requireSupports(settings.imageFormat()));
            String name = resolved.path().getName().replaceFirst("(?<=.)\\.[A-Za-z]+$", "");
            sets.put(unusedName(name, sets), new OneSet(resolved, index));
        }
        return sets;
    }

    private static String unusedName(String name, Map<String, OneSet> sets) {
        String free = name;
        for (int number = 2; sets.containsKey(free); number++) {
            free = name + "-" + number;
        }
        return free;
    }
}
