package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.BadDataException;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.fewshot.Split.TurnedClass;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The splits of an image set, at most one for each purpose. Immutable. */
final class Splits {
    private final Map<Purpose, Split> byPurpose;

    /** IllegalArgumentException if two of them share a class. */
    Splits(Map<Purpose, Split> byPurpose) {
        this.byPurpose = new EnumMap<>(byPurpose);
        shared().ifPresent(clause -> {
            throw new IllegalArgumentException("few-shot.split: " + clause + "; splits must not share a class");
        });
    }

    /** The splits of several sets together. */
    static Splits joined(List<Splits> several) {
        Map<Purpose, Split> joined = new EnumMap<>(Purpose.class);
        several.forEach(
                splits -> splits.byPurpose.forEach((purpose, split) -> joined.merge(purpose, split, Split::and)));
        return new Splits(joined);
    }

    /** The same splits of a set that goes by the given name among others. */
    Splits inSet(String set) {
        Map<Purpose, Split> renamed = new EnumMap<>(Purpose.class);
        byPurpose.forEach((purpose, split) -> renamed.put(purpose, split.inSet(set)));
        return new Splits(renamed);
    }

    /** In the order of purposes. */
    Collection<Split> all() {
        return byPurpose.values();
    }

    /** The split of a purpose; BadDataException if there is none. */
    Split of(Purpose purpose) {
        Split split = byPurpose.get(purpose);
        if (split == null) {
            throw new BadDataException("few-shot.split has no classes for tasks to "
                    + purpose.name().toLowerCase(Locale.ROOT) + "; there must be a " + SplitFiles.name(purpose)
                    + ", a folder " + SplitFolders.name(purpose) + " or a share of the classes for them");
        }
        return split;
    }

    /** The folders of images that any split uses, by their names. */
    Collection<ImageClass> used() {
        Map<String, ImageClass> used = new TreeMap<>();
        all().forEach(split ->
                split.classes().forEach(each -> used.put(each.images().name(), each.images())));
        return used.values();
    }

    /**
     * A class that two splits share, as a clause; empty if there is none. Rotations of one class are kin: a class may not
     * train in one and be tested in another.
     */
    Optional<String> shared() {
        Map<String, Split> owners = new HashMap<>();
        for (Split split : all()) {
            for (TurnedClass each : split.classes()) {
                String name = each.images().name();
                Split owner = owners.putIfAbsent(name, split);
                if (owner != null && owner != split) {
                    return Optional.of("class " + name + " stands in " + owner.file() + " and in " + split.file());
                }
            }
        }
        return Optional.empty();
    }
}
