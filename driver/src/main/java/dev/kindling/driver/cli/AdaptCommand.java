package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.LoadedModel;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The {@code adapt} command: adapts a run's model to given examples and predicts others. Tables are predicted on Spark; images
 * need none.
 */
@Command(
        name = "adapt",
        description =
                "Adapts the model of the run in --out to the labelled rows of the table in --data, group by group, and "
                        + "predicts the others; or to the images in --support, and predicts the classes of those in "
                        + "--query.")
final class AdaptCommand implements Callable<Integer> {
    private final CommandContext context;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(
            names = "--data",
            paramLabel = "TABLE",
            description =
                    "A table with the columns of the run's: a path of any format and file system that Spark reads. "
                            + "Rows with a label adapt the model to their group, rows without are predicted.")
    private @Nullable String data;

    @Option(
            names = "--support-column",
            paramLabel = "COLUMN",
            description = "With --data: a column of booleans that says which rows adapt the model; labelled rows with "
                    + "false are predicted, without their label.")
    private @Nullable String supportColumn;

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
            paramLabel = "PATH",
            description = "Writes the predictions: of images to a new file that ends in .csv, .json or .parquet; of a "
                    + "table to a new folder that may end in .csv, .json, .parquet or .orc, with the table's columns.")
    private @Nullable String to;

    @Option(
            names = "--steps",
            paramLabel = "K",
            description = "Inner steps of the adaptation; default evaluation.steps of the run.")
    private @Nullable Integer steps;

    @Option(
            names = "--adapted",
            paramLabel = "FILE",
            description = "With images: writes the adapted parameters to a new safetensors file.")
    private @Nullable String adapted;

    AdaptCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        String place = options.out()
                .orElseThrow(() -> new IllegalArgumentException("--out is missing; it must be the directory of a run"));
        if (data != null) {
            TableAdaptation table = tableAdaptation(data);
            LoadedModel model = model(place);
            table.run(model, InnerSteps.of(steps, model), context.clusters(), options.master())
                    .forEach(context::print);
            return ExitCode.DONE.number();
        }
        if (support == null || query == null) {
            throw new IllegalArgumentException(
                    (support == null ? "--support" : "--query")
                            + " is missing; --support and --query must both be given, each a folder of images, or --data, a table");
        }
        if (supportColumn != null) {
            throw new IllegalArgumentException(
                    "--support-column is " + supportColumn + "; it must be left out without --data, a table");
        }
        ImageAdaptation images = new ImageAdaptation(support, query, to, adapted);
        LoadedModel model = model(place);
        images.run(model, InnerSteps.of(steps, model)).forEach(context::print);
        return ExitCode.DONE.number();
    }

    private TableAdaptation tableAdaptation(String table) {
        refuseWithTable("--support", support);
        refuseWithTable("--query", query);
        refuseWithTable("--adapted", adapted);
        if (to == null) {
            throw new IllegalArgumentException(
                    "--to is missing; it must be a folder for the table in --data with its predictions");
        }
        return new TableAdaptation(table, supportColumn == null ? "" : supportColumn, to);
    }

    private static void refuseWithTable(String option, @Nullable String value) {
        if (value != null) {
            throw new IllegalArgumentException(
                    option + " is " + value + "; it must be left out with --data, a table: it is for images");
        }
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
}
