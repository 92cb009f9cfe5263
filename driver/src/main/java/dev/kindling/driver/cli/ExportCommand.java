package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.export.Deeplearning4jExport;
import dev.kindling.driver.export.ExportMetadata;
import dev.kindling.driver.export.OnnxExport;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.LoadedModel;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.driver.storage.Tensors;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code export} command: writes a run's model in a format of other programs, without Spark. */
@Command(
        name = "export",
        description = "Writes the model of the run in --out, the best by validation or else the last, as a zip that "
                + "Deeplearning4j loads, as safetensors, or its prediction as an ONNX model.")
final class ExportCommand implements Callable<Integer> {
    private final CommandContext context;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(names = "--format", paramLabel = "FORMAT", description = "dl4j, safetensors or onnx.")
    private @Nullable String format;

    @Option(
            names = "--to",
            paramLabel = "FILE",
            description = "The file, on any Hadoop file system; it must not exist.")
    private @Nullable String to;

    @Option(
            names = "--support",
            paramLabel = "PATH",
            description =
                    "For dl4j: computes batch norm's mean and variance from these images, a folder of folders, a zip or "
                            + "a pack, as one batch; or from support.x of a safetensors file.")
    private @Nullable String support;

    @Option(
            names = "--episodes",
            paramLabel = "N",
            description = "For dl4j: computes them from the support sets of N training episodes; default 100.")
    private @Nullable Integer episodes;

    @Option(
            names = "--adapted",
            paramLabel = "FILE",
            description = "For onnx: predicts with these adapted parameters, which adapt --adapted wrote, instead of "
                    + "adapting to a support set that is an input.")
    private @Nullable String adapted;

    @Option(
            names = "--steps",
            paramLabel = "K",
            description = "For onnx: inner steps of the adaptation; default evaluation.steps of the run.")
    private @Nullable Integer steps;

    @Option(
            names = "--support-rows",
            paramLabel = "N",
            description = "For onnx: the number of rows of the support set; default any.")
    private @Nullable Integer supportRows;

    @Option(names = "--query-rows", paramLabel = "N", description = "For onnx: the number of queries; default any.")
    private @Nullable Integer queryRows;

    ExportCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        String place = options.out()
                .orElseThrow(() -> new IllegalArgumentException("--out is missing; it must be the directory of a run"));
        if (to == null) {
            throw new IllegalArgumentException("--to is missing; it must be the file to write");
        }
        refuseBadStatistics();
        refuseOptionsOfOnnx();
        AtomicDirectory target = AtomicDirectory.of(to, HadoopSettings.load());
        String name = new Path(to).getName();
        target.refuseExisting("--to", List.of(name));
        RunDirectory directory = RunDirectory.open(place, HadoopSettings.load());
        StoredModel model = directory.readModel();
        byte[] bytes = bytes(directory, model);
        target.replace(name, bytes);
        context.print("the model after " + model.manifest().rounds() + " rounds is in " + to
                + (model.manifest().finished() ? "" : "; its run has not ended"));
        return ExitCode.DONE.number();
    }

    private void refuseBadStatistics() {
        if (episodes != null && episodes < 1) {
            throw new IllegalArgumentException("--episodes is " + episodes + "; it must be at least 1");
        }
        if (episodes != null && support != null) {
            throw new IllegalArgumentException("--support and --episodes are both given; one of them must be left out");
        }
    }

    private void refuseOptionsOfOnnx() {
        if ("onnx".equals(format)) {
            refuse("--support", support, "onnx");
            refuse("--episodes", episodes, "onnx");
            return;
        }
        String other = format == null ? "missing" : format;
        refuse("--adapted", adapted, other);
        refuse("--steps", steps, other);
        refuse("--support-rows", supportRows, other);
        refuse("--query-rows", queryRows, other);
    }

    private static void refuse(String option, @Nullable Object value, String format) {
        if (value != null) {
            throw new IllegalArgumentException(
                    option + " is " + value + "; it must be left out because --format is " + format);
        }
    }

    private byte[] bytes(RunDirectory directory, StoredModel model) {
        if ("safetensors".equals(format)) {
            return safetensors(model);
        }
        if ("dl4j".equals(format)) {
            return new Deeplearning4jExport(options.configuration(directory), directory, model, support, episodes)
                    .zip();
        }
        if ("onnx".equals(format)) {
            return onnx(directory, model);
        }
        throw new IllegalArgumentException(
                "--format is " + (format == null ? "missing" : format) + "; it must be dl4j, safetensors or onnx");
    }

    private byte[] onnx(RunDirectory directory, StoredModel stored) {
        LoadedModel model = LoadedModel.of(stored, directory, options.configuration(directory));
        OnnxExport export = new OnnxExport(
                model.predictor(InnerSteps.of(steps, model)).model(),
                rows(supportRows),
                rows(queryRows),
                ExportMetadata.of(stored.manifest(), stored.network(), stored.table()));
        if (adapted == null) {
            return export.ofModel();
        }
        AtomicDirectory folder = AtomicDirectory.of(adapted, HadoopSettings.load());
        return export.ofParameters(Safetensors.decode(folder.read(new Path(adapted).getName()), adapted));
    }

    private static OptionalInt rows(@Nullable Integer given) {
        return given == null ? OptionalInt.empty() : OptionalInt.of(given);
    }

    /** Encodes θ in its own precision, with its provenance as metadata. */
    private static byte[] safetensors(StoredModel model) {
        Layout layout = model.theta().layout();
        SortedMap<String, String> metadata = ExportMetadata.of(model.manifest(), model.network(), Optional.empty());
        return Safetensors.encode(layout, model.theta().flat(layout, precision(model.theta())), metadata);
    }

    private static Precision precision(Tensors theta) {
        return theta.arrays().values().stream()
                .map(tensor -> tensor.values().precision())
                .findFirst()
                .orElse(Precision.FLOAT);
    }
}
