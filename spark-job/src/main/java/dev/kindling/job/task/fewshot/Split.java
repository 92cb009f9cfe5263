package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.BadDataException;
import dev.kindling.job.task.Purpose;
import java.util.Comparator;
import java.util.List;

/**
 * The classes that tasks of one purpose are made of, sorted by name.
 *
 * @param file where the split stands, for messages
 */
record Split(Purpose purpose, String file, List<TurnedClass> classes) {
    /**
     * A class of a split: a folder of images, all turned alike.
     *
     * @param name as in {@code Angelic/character01}, or {@code Angelic/character01/rot090} where rotations are classes
     * @param turns quarter turns counter-clockwise, 0 to 3
     */
    record TurnedClass(String name, ImageClass images, int turns) {}

    Split {
        classes =
                classes.stream().sorted(Comparator.comparing(TurnedClass::name)).toList();
        if (classes.isEmpty()) {
            throw new BadDataException("split " + file + " is empty; it must name a class on each line");
        }
    }

    /** The class with the fewest images. */
    TurnedClass smallest() {
        return classes.stream()
                .min(Comparator.comparingInt(each -> each.images().images().size()))
                .orElseThrow();
    }

    /** The images of the largest class. */
    int largest() {
        return classes.stream()
                .mapToInt(each -> each.images().images().size())
                .max()
                .orElseThrow();
    }
}
