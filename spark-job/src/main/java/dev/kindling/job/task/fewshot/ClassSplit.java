package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.Split;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** The classes of one split, sorted by name. Immutable. */
final class ClassSplit {
    /**
     * A class of a split: a folder of images, all rotated by the same angle.
     *
     * @param name as in {@code Angelic/character01}, or {@code Angelic/character01/rot090} where rotations are classes
     * @param turns number of counter-clockwise quarter turns, 0 to 3
     */
    record TurnedClass(String name, ImageClass images, int turns) {
        TurnedClass inSet(String set) {
            return new TurnedClass(ImageStore.child(set, name), images.inSet(set), turns);
        }

        /** The number of images. */
        int size() {
            return images.images().size();
        }
    }

    private final Split split;
    private final String file;
    private final List<TurnedClass> classes;
    private final TurnedClass smallest;
    private final TurnedClass largest;

    /**
     * A split of the given classes, in any order; {@code file} is where it was read from. BadDataException if there are
     * none.
     */
    ClassSplit(Split split, String file, List<TurnedClass> classes) {
        if (classes.isEmpty()) {
            throw new BadDataException(
                    "split " + file + " is empty; it must name at least one class, one on each line");
        }
        this.split = split;
        this.file = file;
        this.classes =
                classes.stream().sorted(Comparator.comparing(TurnedClass::name)).toList();
        this.smallest = Collections.min(this.classes, Comparator.comparingInt(TurnedClass::size));
        this.largest = Collections.max(this.classes, Comparator.comparingInt(TurnedClass::size));
    }

    /** This split with the classes of another. */
    ClassSplit and(ClassSplit other) {
        List<TurnedClass> both = new ArrayList<>(classes);
        both.addAll(other.classes);
        return new ClassSplit(split, file + " and " + other.file, both);
    }

    /** The same split with class names prefixed by the name of an image set. */
    ClassSplit inSet(String set) {
        return new ClassSplit(
                split, file, classes.stream().map(each -> each.inSet(set)).toList());
    }

    Split split() {
        return split;
    }

    /** Where the split was read from, for messages. */
    String file() {
        return file;
    }

    List<TurnedClass> classes() {
        return classes;
    }

    /** The class with the fewest images; the first of several. */
    TurnedClass smallest() {
        return smallest;
    }

    /** The class with the most images. */
    TurnedClass largest() {
        return largest;
    }
}
