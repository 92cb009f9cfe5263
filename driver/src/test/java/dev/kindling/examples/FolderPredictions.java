package dev.kindling.examples;

import dev.kindling.AdaptedModel;
import dev.kindling.ImageTask;
import dev.kindling.TrainedModel;
import java.util.SortedMap;
import java.util.TreeMap;

/** Adapts a model to images in class folders and predicts the classes of other images. */
public final class FolderPredictions {
    private FolderPredictions() {}

    /**
     * The predicted class of each image.
     *
     * @param run a run folder, or a saved model
     * @param support a folder of class folders
     * @param query a folder of images
     */
    public static SortedMap<String, String> predict(String run, String support, String query) {
        TrainedModel model = TrainedModel.load(run);
        ImageTask task = ImageTask.read(model, support, query);
        AdaptedModel adapted =
                model.adapt(task.supportX(), task.supportY(), task.classes().size());
        float[] predicted = adapted.predict(task.queryX());
        SortedMap<String, String> byFile = new TreeMap<>();
        for (int i = 0; i < predicted.length; i++) {
            byFile.put(task.queryFiles().get(i), task.classes().get((int) predicted[i]));
        }
        return byFile;
    }
}
