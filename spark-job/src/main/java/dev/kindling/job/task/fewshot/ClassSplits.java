package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.fewshot.ClassSplit.TurnedClass;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The training, validation and test split of an image set; any may be absent. Immutable. */
final class ClassSplits {
    private final Map<Split, ClassSplit> bySplit;

    /** The given splits; IllegalArgumentException if two of them share a class. */
    ClassSplits(Map<Split, ClassSplit> bySplit) {
        this.bySplit = new EnumMap<>(bySplit);
        shared().ifPresent(clause -> {
            throw new IllegalArgumentException("few-shot.split: " + clause + "; splits must not share a class");
        });
    }

    /** The union of the splits of several image sets. */
    static ClassSplits joined(List<ClassSplits> several) {
        Map<Split, ClassSplit> joined = new EnumMap<>(Split.class);
        several.forEach(classSplits ->
                classSplits.bySplit.forEach((split, classSplit) -> joined.merge(split, classSplit, ClassSplit::and)));
        return new ClassSplits(joined);
    }

    /** The same splits with class names prefixed by the name of an image set. */
    ClassSplits inSet(String set) {
        Map<Split, ClassSplit> renamed = new EnumMap<>(Split.class);
        bySplit.forEach((split, classSplit) -> renamed.put(split, classSplit.inSet(set)));
        return new ClassSplits(renamed);
    }

    /** The same classes, those for validation being training classes; BadDataException if there are none. */
    ClassSplits trainOnValidation() {
        Map<Split, ClassSplit> merged = new EnumMap<>(bySplit);
        merged.put(Split.TRAIN, of(Split.TRAIN).and(of(Split.VALIDATE)));
        merged.remove(Split.VALIDATE);
        return new ClassSplits(merged);
    }

    /** The splits that are present, in the order of {@link Split}. */
    Collection<ClassSplit> all() {
        return bySplit.values();
    }

    /** The classes of a split; BadDataException if it is absent. */
    ClassSplit of(Split split) {
        ClassSplit classSplit = bySplit.get(split);
        if (classSplit == null) {
            throw new BadDataException("few-shot.split has no classes for tasks to "
                    + split.name().toLowerCase(Locale.ROOT) + "; there must be a " + SplitFiles.name(split)
                    + ", a folder " + SplitFolders.name(split) + " or a share of the classes for them");
        }
        return classSplit;
    }

    /** The image folders of all splits, sorted by name. */
    Collection<ImageClass> used() {
        Map<String, ImageClass> used = new TreeMap<>();
        all().forEach(classSplit ->
                classSplit.classes().forEach(each -> used.put(each.images().name(), each.images())));
        return used.values();
    }

    /**
     * A class that two splits share, as a clause; empty if there is none. Rotations of one class count as shared: a class must
     * not be trained on in one rotation and tested in another.
     */
    Optional<String> shared() {
        Map<String, ClassSplit> owners = new HashMap<>();
        for (ClassSplit classSplit : all()) {
            for (TurnedClass each : classSplit.classes()) {
                String name = each.images().name();
                ClassSplit owner = owners.putIfAbsent(name, classSplit);
                if (owner != null && owner != classSplit) {
                    return Optional.of("class " + name + " is in " + owner.file() + " and in " + classSplit.file());
                }
            }
        }
        return Optional.empty();
    }
}
