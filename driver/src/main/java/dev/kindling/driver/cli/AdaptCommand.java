package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.LoadedModel;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code adapt} command: adapts a run's model to given examples and predicts others. Images need no Spark. */
@Command(
        name = "adapt",
        description =
                "Adapts the model of the run in --out to the support images in --support and predicts the classes of "
                        + "the images in --query.")
final class AdaptCommand implements Callable<Integer> {
    private final CommandContext context;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(
            names = "--support",
            paramLabel = "DIR",
            description = "Images to adapt to: a folder of class folders, on any Hadoop file system.")
    private @Nullable String support;

    @Option(
            names = "--query",
            paramLabel = "DIR",
            description = "Images to predict: a folder of images, or of class folders named as in --support; then the "
                    + "accuracy is printed.")
    private @Nullable String query;

    @Option(
            names = "--to",
            paramLabel = "FILE",
            description = "Writes the predictions to a new file that ends in .csv, .json or .parquet.")
    private @Nullable String to;

    @Option(
            names = "--steps",
            paramLabel = "K",
            description = "Inner steps of the adaptation; default evaluation.steps of the run.")
    private @Nullable Integer steps;

    @Option(
            names = "--adapted",
            paramLabel = "FILE",
            description = "Writes the adapted parameters to a new safetensors file.")
    private @Nullable String adapted;

    AdaptCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        String place = options.out()
                .orElseThrow(() -> new IllegalArgumentException("--out is missing; it must be the directory of a run"));
        if (support == null || query == null) {
            throw new IllegalArgumentException((support == null ? "--support" : "--query")
                    + " is missing; --support and --query must both be given, each a folder of images");
        }
        ImageAdaptation images = new ImageAdaptation(support, query, to, adapted);
        LoadedModel model = model(place);
        images.run(model, steps(model)).forEach(context::print);
        return ExitCode.DONE.number();
    }

    /** The run's model, the best by validation or else the last, under the run's configuration with {@code --set}. */
    private LoadedModel model(String place) {
        RunDirectory directory = RunDirectory.open(place, HadoopSettings.load());
        JobConfig configuration = options.configuration(directory);
        StoredModel stored = directory.readModel();
        LoadedModel model = LoadedModel.of(stored, directory, configuration);
        options.refuseAnotherModel(place, stored, model.parameters());
        if (!stored.manifest().finished()) {
            context.print("the model is unfinished: its run ended after "
                    + stored.manifest().rounds() + " rounds");
        }
        return model;
    }

    /** The inner steps of the adaptation; IllegalArgumentException if there can be none of that number. */
    private int steps(LoadedModel model) {
        int given =
                Optional.ofNullable(steps).orElse(model.settings().evaluation().steps());
        if (given < 0) {
            throw new IllegalArgumentException("--steps is " + given + "; it must be at least 0");
        }
        boolean without = model.settings().plan().algorithm().inner().isEmpty();
        if (steps != null && without) {
            throw new IllegalArgumentException("--steps is " + given + "; it must be left out for algorithm.name = "
                    + model.settings().plan().algorithm().name() + ", which has no inner steps");
        }
        return given;
    }
}
