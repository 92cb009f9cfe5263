package dev.kindling.driver.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.checkpoint.Folder;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.Safetensors;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.checkpoint.Tensors;
import dev.kindling.driver.export.BatchStatistics;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.model.Deeplearning4jZip;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.Models;
import dev.kindling.job.task.BadDataException;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.FewShotSettings;
import dev.kindling.job.task.fewshot.ImageBatch;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code export}: writes a run's model for other programs, without Spark. */
@Command(
        name = "export",
        description = "Writes the model of the run in --out, the best by validation or else the last, as a zip that "
                + "Deeplearning4j loads or as safetensors.")
final class ExportCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final int USUAL_EPISODES = 100;

    private final Surroundings around;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(names = "--format", paramLabel = "FORMAT", description = "dl4j or safetensors.")
    private @Nullable String format;

    @Option(names = "--to", paramLabel = "FILE", description = "The file, on any Hadoop file system.")
    private @Nullable String to;

    @Option(
            names = "--support",
            paramLabel = "PATH",
            description =
                    "For dl4j: fills batch norm's mean and variance from these images, a folder of folders, a zip or "
                            + "a pack, as one batch; or from support.x of a safetensors file.")
    private @Nullable String support;

    @Option(
            names = "--episodes",
            paramLabel = "N",
            description = "For dl4j: fills them from the support sets of so many training episodes; 100 if left out.")
    private @Nullable Integer episodes;

    ExportCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        String place = options.out()
                .orElseThrow(() -> new IllegalArgumentException("--out is missing; it must be the directory of a run"));
        if (to == null) {
            throw new IllegalArgumentException("--to is missing; it must be the file to write");
        }
        refuseBadStatistics();
        RunDirectory directory = RunDirectory.open(place, HadoopSettings.load());
        StoredModel model = directory.readModel();
        byte[] bytes = bytes(directory, model);
        Folder.of(to, HadoopSettings.load()).replace(new Path(to).getName(), bytes);
        around.say("the model after " + model.manifest().rounds() + " rounds is in " + to
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
            return zip(directory, model);
        }
        throw new IllegalArgumentException(
                "--format is " + (format == null ? "missing" : format) + "; it must be dl4j or safetensors");
    }

    /** θ as it is, and where it came from as metadata. */
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

    private byte[] zip(RunDirectory directory, StoredModel model) {
        Prepared prepared = Prepared.here(RunConfiguration.asked(options, directory));
        ModelSettings settings = prepared.settings().plan().model();
        EpisodeLayout layout = prepared.source().layout(Purpose.TRAIN);
        refuseWithoutNetwork(prepared);
        Storage theta = model.theta().flat(prepared.plan().parameters(), Precision.DOUBLE);
        SortedMap<String, double[]> arrays = new TreeMap<>();
        prepared.plan().parameters().entries().stream()
                .filter(entry -> prepared.plan().model().parameters().has(entry.name()))
                .forEach(entry -> arrays.put(
                        entry.name(),
                        Arrays.copyOfRange(
                                theta.toDoubles(),
                                entry.offset(),
                                entry.offset() + entry.shape().size())));
        ObjectNode note = note(directory, model, prepared);
        note.set("batch_norm", statistics(prepared, layout, arrays, directory, model));
        double rate = inner(prepared).rate();
        return Deeplearning4jZip.write(settings, layout, arrays, prepared.plan().precision(), rate, text(note));
    }

    /** Refuses a run whose θ has not all of the network's parameters, or whose tasks do not adapt them. */
    private static void refuseWithoutNetwork(Prepared prepared) {
        Layout learned = prepared.plan().parameters();
        boolean whole = prepared.plan().model().parameters().names().stream().allMatch(learned::has);
        if (!whole || prepared.plan().algorithm().inner().isEmpty()) {
            throw new IllegalArgumentException("--format is dl4j; it must be safetensors for algorithm.name = "
                    + prepared.plan().algorithm().name() + ", which does not learn all parameters of the network");
        }
    }

    private static InnerSettings inner(Prepared prepared) {
        return prepared.plan().algorithm().inner().orElseThrow();
    }

    /** Adds batch norm's statistics to the arrays, and says what they are. */
    private ObjectNode statistics(
            Prepared prepared,
            EpisodeLayout layout,
            SortedMap<String, double[]> arrays,
            RunDirectory directory,
            StoredModel stored) {
        ModelSettings settings = prepared.settings().plan().model();
        Model model = Models.of(settings.withStatistics(), layout);
        ObjectNode said = JSON.createObjectNode().put("mode", settings.batchNorm());
        if (model.statistics().isEmpty()) {
            return said.put("statistics", "none");
        }
        if (arrays.keySet().containsAll(model.statistics()) && support == null && episodes == null) {
            return said.put("statistics", "running");
        }
        List<BatchStatistics.Batch> batches =
                support == null ? drawn(prepared, directory, stored, said) : given(prepared, layout, said);
        arrays.putAll(BatchStatistics.of(
                model,
                arrays,
                batches,
                layout.features(),
                Backends.named(prepared.settings().plan().backend().name())));
        return said;
    }

    private List<BatchStatistics.Batch> drawn(
            Prepared prepared, RunDirectory directory, StoredModel model, ObjectNode said) {
        DataHash.refuseOther(model.manifest().provenance(), prepared, directory.folder());
        int count = episodes == null ? USUAL_EPISODES : episodes;
        long seed = prepared.settings().run().seed();
        List<BatchStatistics.Batch> batches = new ArrayList<>();
        for (TaskSpec spec : new Sampler(prepared.source(), seed, Purpose.TRAIN).range(0, 0, count)) {
            EpisodeLayout layout = prepared.source().layout(spec);
            Storage episode = Storage.zeros(Precision.DOUBLE, layout.arrays().size());
            prepared.source().materialise(spec, episode, 0);
            int size = layout.features().size() * layout.support();
            Storage batch = Storage.zeros(Precision.DOUBLE, size);
            batch.copyFrom(episode, layout.arrays().offset(EpisodeLayout.SUPPORT_X), 0, size);
            batches.add(new BatchStatistics.Batch(layout.support(), batch));
        }
        said.put("statistics", "episodes").put("episodes", count).put("seed", seed);
        sayExamples(batches, said);
        return batches;
    }

    /** One number, or the least and the most of a batch. */
    private static void sayExamples(List<BatchStatistics.Batch> batches, ObjectNode said) {
        IntSummaryStatistics examples =
                batches.stream().mapToInt(BatchStatistics.Batch::examples).summaryStatistics();
        if (examples.getMin() == examples.getMax()) {
            said.put("examples", examples.getMax());
        } else {
            said.putArray("examples").add(examples.getMin()).add(examples.getMax());
        }
    }

    private List<BatchStatistics.Batch> given(Prepared prepared, EpisodeLayout layout, ObjectNode said) {
        String path = String.valueOf(support);
        BatchStatistics.Batch batch = path.endsWith(".safetensors") ? tensors(path, layout) : images(path, prepared);
        said.put("statistics", "support").put("support", path).put("examples", batch.examples());
        return List.of(batch);
    }

    private static BatchStatistics.Batch tensors(String path, EpisodeLayout layout) {
        Tensors file = Safetensors.decode(Folder.of(path, HadoopSettings.load()).read(new Path(path).getName()), path);
        Tensors.Tensor x = file.arrays().get(EpisodeLayout.SUPPORT_X);
        if (x == null
                || x.shape().rank() < 1
                || !x.shape().equals(layout.features().stacked(x.shape().dim(0)))) {
            Shape features = layout.features();
            throw new BadDataException(
                    path + " holds " + file.layout() + "; it must hold support.x, examples of shape " + features);
        }
        return new BatchStatistics.Batch(x.shape().dim(0), x.values().to(Precision.DOUBLE));
    }

    private static BatchStatistics.Batch images(String path, Prepared prepared) {
        if (!prepared.settings().source().source().equals("few-shot")) {
            throw new IllegalArgumentException("--support is " + path
                    + "; for tasks that are not of images it must be a " + "safetensors file with support.x");
        }
        FewShotSettings images =
                FewShotSettings.fromMap(prepared.settings().source().settings());
        ImageBatch batch = ImageBatch.read(path, images.picture(), prepared.hadoop());
        return new BatchStatistics.Batch(batch.images(), batch.numbers());
    }

    private static ObjectNode note(RunDirectory directory, StoredModel model, Prepared prepared) {
        Provenance from = model.manifest().provenance();
        ObjectNode note = JSON.createObjectNode();
        note.put("kindling", from.kindling())
                .put("commit", from.commit())
                .put("run", directory.folder().toString())
                .put("rounds", model.manifest().rounds())
                .put("finished", model.manifest().finished())
                .put("network", prepared.settings().plan().model().network())
                .put("algorithm", prepared.plan().algorithm().name())
                .put("inner_rate", inner(prepared).rate())
                .put("inner_steps", inner(prepared).steps())
                .put("program_hash", from.programHash())
                .put("data_hash", from.dataHash());
        return note;
    }

    private static String text(ObjectNode note) {
        try {
            return JSON.writeValueAsString(note) + "\n";
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
