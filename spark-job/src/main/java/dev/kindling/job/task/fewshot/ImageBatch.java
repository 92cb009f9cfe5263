package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.ResolvedPath;
import dev.kindling.job.task.fewshot.ClassSplit.TurnedClass;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * All images of an image set as one batch, scaled as in tasks, class after class.
 *
 * @param images number of images
 * @param numbers the batch in double precision, [images, channels, size, size]
 */
public record ImageBatch(int images, FlatVector numbers) {
    /**
     * Reads an image set: a zip, a pack, or a folder of folders of images.
     *
     * @param path on any Hadoop file system
     * @throws dev.kindling.job.error.BadDataException if there are no images, or one cannot be read
     */
    public static ImageBatch read(String path, ImageFormat imageFormat, Configuration hadoop) {
        ImageIndex index = ImageIndex.open(ResolvedPath.of("--support", path, hadoop));
        index.stores().forEach(store -> store.requireSupports(imageFormat));
        List<ImageClass> classes = index.filled();
        Episodes episodes = new Episodes(DecodedImages.decode(classes, new Decoder(imageFormat)), imageFormat);
        int count = classes.stream().mapToInt(each -> each.images().size()).sum();
        FlatVector numbers = FlatVector.zeros(Precision.DOUBLE, Math.multiplyExact(count, imageFormat.samples()));
        int row = 0;
        for (ImageClass each : classes) {
            for (int image = 0; image < each.images().size(); image++) {
                episodes.write(new TurnedClass(each.name(), each, 0), image, numbers, row++ * imageFormat.samples());
            }
        }
        return new ImageBatch(count, numbers);
    }
}
