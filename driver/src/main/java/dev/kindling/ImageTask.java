package dev.kindling;

import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.LoadedModel;
import dev.kindling.job.task.fewshot.GivenImages;
import dev.kindling.job.task.fewshot.ImageFormat;
import java.util.List;
import java.util.Optional;

/**
 * The images of one task, read from folders into arrays as {@link TrainedModel#adapt(float[], float[], int)} and {@link
 * AdaptedModel} take them: decoded, resized and scaled as in the model's training, without rotations. Rows are sorted by class,
 * then by name of the file. Immutable and thread-safe; needs no Spark.
 */
public final class ImageTask {
    private final GivenImages images;

    private ImageTask(GivenImages images) {
        this.images = images;
    }

    /**
     * Reads the images of a task.
     *
     * @param model trained on {@code task.source = few-shot}
     * @param support a folder with a folder of images for each class, on any Hadoop file system
     * @param query a folder of images, or of class folders named as those of {@code support}
     * @throws IllegalArgumentException if the model's tasks have no images, or a path is malformed
     * @throws dev.kindling.job.error.BadDataException if a folder is missing, a class has no images, a class of {@code query} is
     *     not in {@code support}, or an image cannot be read
     */
    public static ImageTask read(TrainedModel model, String support, String query) {
        ImageFormat imageFormat = LoadedModel.imageFormat(model.settings());
        return new ImageTask(GivenImages.read(support, query, imageFormat, HadoopSettings.load()));
    }

    /** The names of the classes, sorted; the position is the class as a number. */
    public List<String> classes() {
        return images.classes();
    }

    /** Inputs of the support set, row-major [examples, channels, height, width]. */
    public float[] supportX() {
        return AdaptedModel.floats(images.supportX());
    }

    /** The classes 0, 1, ... of the support set [examples]. */
    public float[] supportY() {
        return AdaptedModel.floats(images.supportY());
    }

    /** Inputs of the query set, row-major [queries, channels, height, width]. */
    public float[] queryX() {
        return AdaptedModel.floats(images.queryX());
    }

    /** The classes 0, 1, ... of the query set [queries]; empty if its folder has no class folders. */
    public Optional<float[]> queryY() {
        return images.isLabelled() ? Optional.of(AdaptedModel.floats(images.queryY())) : Optional.empty();
    }

    /** The paths of the query images below their folder, in the order of rows. */
    public List<String> queryFiles() {
        return images.queryFiles();
    }
}
