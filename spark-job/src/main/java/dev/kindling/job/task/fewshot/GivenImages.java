package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.ResolvedPath;
import dev.kindling.job.task.fewshot.GivenTask.Queries;
import dev.kindling.job.task.fewshot.GivenTask.SetNames;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import org.apache.hadoop.conf.Configuration;

/**
 * The images of one task, read from a folder of class folders (support) and a folder of images or of class folders (query), as
 * arrays. Rows are sorted by class, then by name of the file.
 */
public final class GivenImages {
    private final GivenTask task;
    private final EpisodeLayout layout;
    private final double[] numbers;

    private GivenImages(GivenTask task, EpisodeLayout layout, double[] numbers) {
        this.task = task;
        this.layout = layout;
        this.numbers = numbers;
    }

    /**
     * Lists and decodes the images.
     *
     * @param support a folder of class folders, on any Hadoop file system
     * @param query a folder of images, or of class folders named as those of {@code support}
     * @throws IllegalArgumentException if a path is malformed
     * @throws BadDataException if a folder is missing, a class has no images, a class of {@code query} is not in {@code
     *     support}, or an image cannot be read
     */
    public static GivenImages read(String support, String query, ImageFormat imageFormat, Configuration hadoop) {
        ResolvedPath queryPath = ResolvedPath.of("--query", query, hadoop);
        DirectoryStore supportStore = folder(ResolvedPath.of("--support", support, hadoop));
        DirectoryStore queryStore = folder(queryPath);
        SetNames setNames = new SetNames(
                "--support: the folder " + supportStore.name(), "--query: the folder " + queryStore.name());
        SortedMap<String, ImageClass> classes = classes(supportStore, "support", setNames.support());
        GivenTask task = queryStore.folders().isEmpty()
                ? GivenTask.of("", classes, unlabelled(queryPath, queryStore.rootImages()), setNames)
                : GivenTask.of("", classes, classes(queryStore, "query", setNames.query()), setNames);
        return of(task, imageFormat);
    }

    /** The classes of a set; images are cached by the name of their class, so it begins with that of the set. */
    private static SortedMap<String, ImageClass> classes(DirectoryStore store, String set, String setName) {
        SortedMap<String, ImageClass> classes = new ClassFolders(store).below("", setName);
        classes.replaceAll((name, images) -> images.inSet(set));
        return classes;
    }

    private static DirectoryStore folder(ResolvedPath path) {
        if (path.status().isFile()) {
            throw new BadDataException(path.key() + " is " + path.path() + ", which is a file; it must be a folder");
        }
        return new DirectoryStore(path);
    }

    private static List<Queries> unlabelled(ResolvedPath path, SortedSet<String> images) {
        ImageClass all = new ImageClass("query", new DirectoryStore(path, images), "", List.copyOf(images));
        return images.isEmpty() ? List.of() : List.of(new Queries(GivenTask.UNKNOWN, all));
    }

    private static GivenImages of(GivenTask task, ImageFormat imageFormat) {
        EpisodeLayout layout = task.layout(imageFormat);
        Decoder decoder = new Decoder(imageFormat);
        Episodes writer = new Episodes(DecodedImages.decode(task.images().toList(), decoder), imageFormat);
        FlatVector numbers = FlatVector.zeros(Precision.DOUBLE, layout.arrays().size());
        task.write(writer, imageFormat, numbers, 0);
        return new GivenImages(task, layout, numbers.toDoubles());
    }

    /** The names of the classes, sorted; the position is the label. */
    public List<String> classes() {
        return task.classes();
    }

    /** The shapes of the arrays. */
    public EpisodeLayout layout() {
        return layout;
    }

    /** The paths of the query images below their folder, in the order of rows. */
    public List<String> queryFiles() {
        return task.query().stream()
                .map(Queries::images)
                .flatMap(images -> images.images().stream().map(images::path))
                .toList();
    }

    /** Whether the folders of the query images name their classes. */
    public boolean isLabelled() {
        return task.query().get(0).label() != GivenTask.UNKNOWN;
    }

    /** Inputs of the support set, row-major [examples, channels, height, width]. */
    public double[] supportX() {
        return array(EpisodeLayout.SUPPORT_X);
    }

    /** Labels of the support set. */
    public double[] supportY() {
        return array(EpisodeLayout.SUPPORT_Y);
    }

    /** Inputs of the query set, row-major [queries, channels, height, width]. */
    public double[] queryX() {
        return array(EpisodeLayout.QUERY_X);
    }

    /** Labels of the query set; -1 each if it is not labelled. */
    public double[] queryY() {
        return array(EpisodeLayout.QUERY_Y);
    }

    private double[] array(String name) {
        int from = layout.arrays().offset(name);
        return Arrays.copyOfRange(
                numbers, from, from + layout.arrays().shape(name).size());
    }
}
