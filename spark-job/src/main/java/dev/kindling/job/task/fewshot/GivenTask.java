package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.fewshot.ClassSplit.TurnedClass;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.Stream;

/**
 * A task whose examples are given as image files instead of being drawn. The label of a class is its position among the names
 * of the support set's classes, which are sorted; rows are sorted by class, then by name of the file. Classes may have
 * different numbers of images.
 *
 * @param name unique among the tasks of a set; empty for a single task
 * @param classes names of the classes, sorted
 * @param support images of each class, in the order of {@code classes}
 * @param query images to predict, in the order of the episode's rows
 */
record GivenTask(String name, List<String> classes, List<ImageClass> support, List<Queries> query) {
    /** The label of queries of unknown class. */
    static final int UNKNOWN = -1;

    /** Query images of one label, or of unknown class. */
    record Queries(int label, ImageClass images) {}

    /** What the two sets of a task are called in messages, such as {@code the query set of episode 7 in DIR}. */
    record SetNames(String support, String query) {}

    /**
     * A task whose query images have known classes.
     *
     * @param support images by class
     * @param query images by class
     * @throws BadDataException if a class has no images, the support set has fewer than two classes, there is no query, or a
     *     query class is not in the support set
     */
    static GivenTask of(
            String name,
            SortedMap<String, ImageClass> support,
            SortedMap<String, ImageClass> query,
            SetNames setNames) {
        List<String> classes = List.copyOf(support.keySet());
        requireImages(query, setNames.query());
        List<Queries> queries = new ArrayList<>();
        query.forEach((className, images) -> {
            int label = classes.indexOf(className);
            if (label < 0) {
                throw new BadDataException(setNames.query() + " has the class " + className
                        + ", which is not in the support set; its classes are " + String.join(", ", classes));
            }
            queries.add(new Queries(label, images));
        });
        return of(name, support, queries, setNames);
    }

    /** As the other method, with queries that have labels already or are of unknown class. */
    static GivenTask of(String name, SortedMap<String, ImageClass> support, List<Queries> query, SetNames setNames) {
        requireImages(support, setNames.support());
        if (support.size() < 2) {
            throw new BadDataException(setNames.support() + " has fewer than two classes; it must have a "
                    + "folder or list of images for each of at least two");
        }
        if (query.isEmpty()) {
            throw new BadDataException(setNames.query() + " has no images; it must have at least one");
        }
        return new GivenTask(name, List.copyOf(support.keySet()), List.copyOf(support.values()), List.copyOf(query));
    }

    private static void requireImages(SortedMap<String, ImageClass> classes, String setName) {
        classes.forEach((className, images) -> {
            if (images.images().isEmpty()) {
                throw new BadDataException(setName + ": class " + className
                        + " has no images; it must have at least one PNG, JPEG, BMP or GIF file");
            }
        });
    }

    private static int count(Stream<ImageClass> classes) {
        return classes.mapToInt(each -> each.images().size()).sum();
    }

    /** All images of both sets. */
    Stream<ImageClass> images() {
        return Stream.concat(support.stream(), query.stream().map(Queries::images));
    }

    /** The shapes of the task's episode. */
    EpisodeLayout layout(ImageFormat imageFormat) {
        return new EpisodeLayout(
                Shape.of(imageFormat.channels(), imageFormat.size(), imageFormat.size()),
                classes.size(),
                classes.size(),
                count(support.stream()),
                count(query.stream().map(Queries::images)));
    }

    /** Writes the episode, laid out as {@code layout(imageFormat).arrays()}, from an offset of the target on. */
    void write(Episodes writer, ImageFormat imageFormat, FlatVector target, int offset) {
        List<Queries> labelled = new ArrayList<>();
        for (int label = 0; label < classes.size(); label++) {
            labelled.add(new Queries(label, support.get(label)));
        }
        int end = write(labelled, writer, imageFormat, target, offset);
        write(query, writer, imageFormat, target, end);
    }

    /** Writes the inputs of one set and then its labels; returns the offset after both. */
    private static int write(
            List<Queries> sets, Episodes writer, ImageFormat imageFormat, FlatVector target, int offset) {
        int labels = offset + count(sets.stream().map(Queries::images)) * imageFormat.samples();
        int row = 0;
        for (Queries set : sets) {
            TurnedClass upright = new TurnedClass(set.images().name(), set.images(), 0);
            for (int image = 0; image < set.images().images().size(); image++) {
                writer.write(upright, image, target, offset + row * imageFormat.samples());
                target.set(labels + row, set.label());
                row++;
            }
        }
        return labels + row;
    }
}
