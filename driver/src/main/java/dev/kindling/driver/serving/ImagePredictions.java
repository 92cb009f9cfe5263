package dev.kindling.driver.serving;

import dev.kindling.job.task.fewshot.GivenImages;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The predictions for the query images of one task.
 *
 * @param classes names of the classes, sorted
 * @param rows one for each query image, sorted by path
 */
public record ImagePredictions(List<String> classes, List<Row> rows) {
    /**
     * The prediction for one image.
     *
     * @param file path below the folder of queries
     * @param prediction the most probable class
     * @param label the class that the image's folder names; empty if it names none
     * @param probabilities of each class
     */
    public record Row(String file, String prediction, Optional<String> label, List<Double> probabilities) {}

    public ImagePredictions {
        classes = List.copyOf(classes);
        rows = List.copyOf(rows);
    }

    /** Predicts all query images as one batch. */
    public static ImagePredictions of(AdaptedTask task, GivenImages images) {
        List<String> classes = images.classes();
        double[] probabilities = task.probabilities(images.queryX());
        int[] predicted = AdaptedTask.mostProbable(probabilities, classes.size());
        double[] labels = images.queryY();
        List<String> files = images.queryFiles();
        List<Row> rows = new ArrayList<>();
        for (int query = 0; query < predicted.length; query++) {
            int from = query * classes.size();
            rows.add(new Row(
                    files.get(query),
                    classes.get(predicted[query]),
                    images.isLabelled() ? Optional.of(classes.get((int) labels[query])) : Optional.empty(),
                    Arrays.stream(probabilities, from, from + classes.size())
                            .boxed()
                            .toList()));
        }
        return new ImagePredictions(classes, rows);
    }

    /** The fraction of images whose most probable class is the one that their folder names; empty if folders name none. */
    public OptionalDouble accuracy() {
        return rows.stream()
                .filter(row -> row.label().isPresent())
                .mapToDouble(row -> row.label().orElseThrow().equals(row.prediction()) ? 1 : 0)
                .average();
    }
}
