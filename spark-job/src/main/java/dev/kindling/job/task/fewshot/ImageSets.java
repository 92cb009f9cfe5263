package dev.kindling.job.task.fewshot;

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
 * The sets of {@code few-shot.data} as one: their classes, and the splits of these.
 *
 * <p>Of several sets each goes by the last part of its path, without its extension, and its classes are named by it first
 * ({@code omniglot/Angelic/character01}). Sets whose paths end alike are numbered in the order in which they are given.
 *
 * @param index the classes of all sets
 * @param splits empty where neither the settings nor all of the sets say anything about them
 */
record ImageSets(ImageIndex index, Optional<ClassSplits> splits) {
    /** One set of several, or the only one. */
    private record OneSet(ResolvedPath place, ImageIndex index) {
        /** The lines that come with the set itself; none if it says nothing about splits. */
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
            return SplitFiles.find(place).map(SplitFiles::read).orElseGet(() -> SplitFolders.read(index, place));
        }
    }

    /**
     * Opens the sets and makes the splits.
     *
     * @throws dev.kindling.job.error.BadDataException if data or splits are missing, empty or broken
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
        if (!named.isOfTheData()) {
            ResolvedPath folder = ResolvedPath.of(SplitSettings.KEY, named.folder(), hadoop);
            return Optional.of(SplitReader.read(SplitFiles.read(folder), index, settings.rotations()));
        }
        List<ClassSplits> each = new ArrayList<>();
        sets.forEach((name, set) -> {
            Map<Split, SplitListing> lines = set.ownSplits();
            if (!lines.isEmpty()) {
                ClassSplits own = SplitReader.read(lines, set.index(), settings.rotations());
                each.add(sets.size() == 1 ? own : own.inSet(name));
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
            ResolvedPath place = ResolvedPath.of("few-shot.data", path, hadoop);
            ImageIndex index = ImageIndex.open(place);
            index.stores().forEach(store -> store.requireShows(settings.imageFormat()));
            String name = place.path().getName().replaceFirst("(?<=.)\\.[A-Za-z]+$", "");
            sets.put(unused(name, sets), new OneSet(place, index));
        }
        return sets;
    }

    private static String unused(String name, Map<String, OneSet> sets) {
        String free = name;
        for (int number = 2; sets.containsKey(free); number++) {
            free = name + "-" + number;
        }
        return free;
    }
}
