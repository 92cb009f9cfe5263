package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.export.Deeplearning4jExport;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.driver.storage.Tensors;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
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
                + "Deeplearning4j loads or as safetensors.")
final class ExportCommand implements Callable<Integer> {
    private final CommandContext context;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(names = "--format", paramLabel = "FORMAT", description = "dl4j or safetensors.")
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

    private byte[] bytes(RunDirectory directory, StoredModel model) {
        if ("safetensors".equals(format)) {
            return safetensors(model);
        }
        if ("dl4j".equals(format)) {
            return new Deeplearning4jExport(options.configuration(directory), directory, model, support, episodes)
                    .zip();
        }
        throw new IllegalArgumentException(
                "--format is " + (format == null ? "missing" : format) + "; it must be dl4j or safetensors");
    }

    /** Encodes θ in its own precision, with its provenance as metadata. */
    private static byte[] safetensors(StoredModel model) {
        Provenance from = model.manifest().provenance();
        Layout layout = model.theta().layout();
        SortedMap<String, String> metadata = new TreeMap<>();
        metadata.put("kindling", from.kindling());
        metadata.put("commit", from.commit());
        metadata.put("rounds", Long.toString(model.manifest().rounds()));
        metadata.put("finished", Boolean.toString(model.manifest().finished()));
        metadata.put("program_hash", from.programHash());
        metadata.put("data_hash", from.dataHash());
        metadata.put("network", model.network());
        metadata.put("configuration", from.configuration().toString());
        return Safetensors.encode(layout, model.theta().flat(layout, precision(model.theta())), metadata);
    }

    private static Precision precision(Tensors theta) {
        return theta.arrays().values().stream()
                .map(tensor -> tensor.values().precision())
                .findFirst()
                .orElse(Precision.FLOAT);
    }
}
