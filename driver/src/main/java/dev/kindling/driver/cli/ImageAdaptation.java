package dev.kindling.driver.cli;

import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.LoadedModel;
import dev.kindling.driver.serving.AdaptedTask;
import dev.kindling.driver.serving.ImagePredictions;
import dev.kindling.driver.serving.PredictionFile;
import dev.kindling.driver.serving.Predictor;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.storage.Tensors;
import dev.kindling.job.task.fewshot.GivenImages;
import dev.kindling.job.task.fewshot.ImageFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/** Adaptation to folders of images for the {@code adapt} command, in this JVM. */
final class ImageAdaptation {
    /** The most predictions that are printed. */
    private static final int PRINTED = 50;

    private final String support;
    private final String query;
    private final Optional<Output> predictions;
    private final Optional<PredictionFile> format;
    private final Optional<Output> adapted;

    /** A file to write. */
    private record Output(String path, String name, AtomicDirectory folder) {
        /** IllegalArgumentException if the file exists. */
        static Output of(String option, String path) {
            AtomicDirectory folder = AtomicDirectory.of(path, HadoopSettings.load());
            String name = new Path(path).getName();
            folder.refuseExisting(option, List.of(name));
            return new Output(path, name, folder);
        }

        void write(byte[] bytes) {
            folder.replace(name, bytes);
        }
    }

    /**
     * Checks the files to write.
     *
     * @param support folder of class folders
     * @param query folder of images or of class folders
     * @param to file for the predictions; null for none
     * @param adapted file for the adapted parameters; null for none
     * @throws IllegalArgumentException if a file exists, or the extension of {@code to} is unknown
     */
    ImageAdaptation(String support, String query, @Nullable String to, @Nullable String adapted) {
        this.support = support;
        this.query = query;
        this.format = Optional.ofNullable(to).map(file -> PredictionFile.named("--to", file));
        this.predictions = Optional.ofNullable(to).map(file -> Output.of("--to", file));
        this.adapted = Optional.ofNullable(adapted).map(file -> Output.of("--adapted", file));
    }

    /**
     * Adapts, predicts, and writes the files.
     *
     * @return the lines to print
     * @throws IllegalArgumentException if the model takes no images or not this number of classes, or adapts no parameters that
     *     could be written
     * @throws dev.kindling.job.error.BadDataException if a folder is incomplete or an image cannot be read
     */
    List<String> run(LoadedModel model, int steps) {
        ImageFormat imageFormat = LoadedModel.imageFormat(model.settings());
        Predictor all = model.predictor(steps);
        GivenImages images = GivenImages.read(support, query, imageFormat, HadoopSettings.load());
        Predictor predictor = all.withClasses(images.classes().size());
        AdaptedTask task = predictor.adapt(images.supportX(), images.supportY());
        Optional<Tensors> parameters = adapted.map(output -> parameters(task, model));
        ImagePredictions found = ImagePredictions.of(task, images);
        List<String> lines = table(found, images);
        if (predictor.isTransductive()) {
            lines.add("predictions depend on the other query images: model.batch-norm is "
                    + model.settings().plan().model().batchNorm() + ", which uses the statistics of all queries");
        }
        predictions.ifPresent(output -> {
            output.write(format.orElseThrow().encode(found));
            lines.add("the predictions are in " + output.path());
        });
        adapted.ifPresent(output -> {
            output.write(parameters.orElseThrow().encoded());
            lines.add("the adapted parameters are in " + output.path());
        });
        return lines;
    }

    private static Tensors parameters(AdaptedTask task, LoadedModel model) {
        return task.parameters()
                .orElseThrow(() -> new IllegalArgumentException("--adapted must be left out for algorithm.name = "
                        + model.settings().plan().algorithm().name()
                        + ", which adapts no parameters: it predicts from the support set itself"));
    }

    private static List<String> table(ImagePredictions predictions, GivenImages images) {
        List<String> lines = new ArrayList<>();
        lines.add(images.layout().support() + " support images of "
                + predictions.classes().size() + " classes, "
                + predictions.rows().size() + " query images");
        lines.add(String.format(Locale.ROOT, "%11s  %-20s  %s", "probability", "prediction", "file"));
        predictions.rows().stream()
                .limit(PRINTED)
                .forEach(row -> lines.add(String.format(
                        Locale.ROOT,
                        "%10.2f%%  %-20s  %s",
                        100 * row.probabilities().get(predictions.classes().indexOf(row.prediction())),
                        row.prediction(),
                        row.file())));
        if (predictions.rows().size() > PRINTED) {
            lines.add("and " + (predictions.rows().size() - PRINTED) + " more; --to writes all");
        }
        predictions
                .accuracy()
                .ifPresent(accuracy -> lines.add(String.format(Locale.ROOT, "accuracy %.2f%%", 100 * accuracy)));
        return lines;
    }
}
