package dev.kindling.driver.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.run.DataHashCheck;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.driver.storage.Tensors;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.algorithm.EnsembleAlgorithm;
import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.model.Deeplearning4jLibrary;
import dev.kindling.job.model.Deeplearning4jZip;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.FewShotSettings;
import dev.kindling.job.task.fewshot.FewShotSource;
import dev.kindling.job.task.fewshot.ImageBatch;
import dev.kindling.job.task.fewshot.ImageFormat;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * Exports a run's model as a Deeplearning4j model zip. Reads the run's data only if the inference statistics of batch norm are
 * computed from its training tasks.
 */
public final class Deeplearning4jExport {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final int DEFAULT_EPISODES = 100;

    private final JobConfig configuration;
    private final Settings settings;
    private final EpisodeLayout layout;
    private final RunDirectory directory;
    private final StoredModel stored;
    private final @Nullable String support;
    private final @Nullable Integer episodes;

    /**
     * An export of a stored model.
     *
     * @param configuration of the run, with its network
     * @param support path of the examples for batch norm's statistics; null for the run's training tasks
     * @param episodes number of training tasks for the statistics; null for the default
     */
    public Deeplearning4jExport(
            JobConfig configuration,
            RunDirectory directory,
            StoredModel stored,
            @Nullable String support,
            @Nullable Integer episodes) {
        this.configuration = configuration;
        this.settings = SettingsReader.read(configuration, HadoopSettings.load());
        if (settings.run().members() > 1) {
            throw new IllegalArgumentException("--format is dl4j, whose files hold one network, and "
                    + EnsembleAlgorithm.KEY + " is " + settings.run().members()
                    + "; it must be safetensors, which holds the parameters of all members");
        }
        this.layout = layout(settings.source());
        this.directory = directory;
        this.stored = stored;
        this.support = support;
        this.episodes = episodes;
    }

    /** The layout of the largest training tasks; for images it follows from the settings, without the data. */
    private static EpisodeLayout layout(SourceDescription source) {
        return images(source)
                .map(images -> FewShotSource.largest(images, Split.TRAIN))
                .orElseGet(() -> TaskSources.open(source, HadoopSettings.load()).layout(Split.TRAIN));
    }

    private static Optional<FewShotSettings> images(SourceDescription source) {
        return source.source().equals("few-shot")
                ? Optional.of(FewShotSettings.fromMap(source.settings()))
                : Optional.empty();
    }

    private ModelSettings model() {
        return settings.plan().model();
    }

    private Algorithm algorithm() {
        return settings.plan().algorithm();
    }

    /** The bytes of the zip. */
    public byte[] zip() {
        Deeplearning4jLibrary.require("--format is dl4j");
        Model network = ModelFactory.of(model(), layout);
        Layout learned = algorithm().parameters(network);
        InnerSettings inner = requireNetwork(network, learned);
        FlatVector theta = stored.theta().flat(learned, Precision.DOUBLE);
        SortedMap<String, double[]> arrays = new TreeMap<>();
        learned.entries().stream()
                .filter(entry -> network.parameters().has(entry.name()))
                .forEach(entry -> arrays.put(
                        entry.name(),
                        Arrays.copyOfRange(
                                theta.toDoubles(),
                                entry.offset(),
                                entry.offset() + entry.shape().size())));
        ObjectNode note = note(inner);
        note.set("batch_norm", statistics(arrays));
        Precision precision = settings.plan().backend().options().precision();
        return Deeplearning4jZip.write(model(), layout, arrays, precision, inner.rate(), text(note));
    }

    /** Throws IllegalArgumentException if θ lacks parameters of the network, or the method has no inner steps. */
    private InnerSettings requireNetwork(Model network, Layout learned) {
        boolean complete = network.parameters().names().stream().allMatch(learned::has);
        return algorithm()
                .inner()
                .filter(inner -> complete)
                .orElseThrow(() ->
                        new IllegalArgumentException("--format is dl4j; it must be safetensors for algorithm.name = "
                                + algorithm().name() + ", which does not learn all parameters of the network"));
    }

    /** Adds batch norm's statistics to the arrays, and returns their description. */
    private ObjectNode statistics(SortedMap<String, double[]> arrays) {
        Model model = ModelFactory.of(model().withStatistics(), layout);
        ObjectNode description = JSON.createObjectNode().put("mode", model().batchNorm());
        if (model.runningStatistics().isEmpty()) {
            return description.put("statistics", "none");
        }
        if (arrays.keySet().containsAll(model.runningStatistics()) && support == null && episodes == null) {
            return description.put("statistics", "running");
        }
        List<BatchStatistics.Batch> batches = support == null ? sampled(description) : read(support, description);
        arrays.putAll(BatchStatistics.of(
                model,
                arrays,
                batches,
                layout.features(),
                Backends.named(settings.plan().backend().name())));
        return description;
    }

    /** The support sets of the run's first training tasks, which need its data. */
    private List<BatchStatistics.Batch> sampled(ObjectNode description) {
        ResolvedRun resolved = ResolvedRun.here(configuration);
        DataHashCheck.refuseOther(stored.manifest().provenance(), resolved, directory.folder());
        int count = episodes == null ? DEFAULT_EPISODES : episodes;
        long seed = settings.run().seed();
        List<BatchStatistics.Batch> batches = new ArrayList<>();
        for (TaskSpec spec : new Sampler(resolved.source(), seed, Split.TRAIN).range(0, 0, count)) {
            EpisodeLayout own = resolved.source().layout(spec);
            FlatVector episode = FlatVector.zeros(Precision.DOUBLE, own.arrays().size());
            resolved.source().materialise(spec, episode, 0);
            int size = own.features().size();
            FlatVector batch = FlatVector.zeros(Precision.DOUBLE, size * own.support());
            for (int row = 0; row < own.support(); row++) {
                int input = own.arrays().offset(EpisodeLayout.SUPPORT_X)
                        + row * own.input().size();
                batch.copyFrom(episode, input, row * size, size);
            }
            batches.add(new BatchStatistics.Batch(own.support(), batch));
        }
        description.put("statistics", "episodes").put("episodes", count).put("seed", seed);
        putExamples(batches, description);
        return batches;
    }

    /** Adds the number of examples of a batch, or its minimum and maximum. */
    private static void putExamples(List<BatchStatistics.Batch> batches, ObjectNode description) {
        IntSummaryStatistics examples =
                batches.stream().mapToInt(BatchStatistics.Batch::examples).summaryStatistics();
        if (examples.getMin() == examples.getMax()) {
            description.put("examples", examples.getMax());
        } else {
            description.putArray("examples").add(examples.getMin()).add(examples.getMax());
        }
    }

    private List<BatchStatistics.Batch> read(String path, ObjectNode description) {
        BatchStatistics.Batch batch = path.endsWith(".safetensors") ? tensors(path) : images(path);
        description.put("statistics", "support").put("support", path).put("examples", batch.examples());
        return List.of(batch);
    }

    private BatchStatistics.Batch tensors(String path) {
        Tensors file = Safetensors.decode(
                AtomicDirectory.of(path, HadoopSettings.load()).read(new Path(path).getName()), path);
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

    private BatchStatistics.Batch images(String path) {
        ImageFormat imageFormat = images(settings.source())
                .orElseThrow(() -> new IllegalArgumentException("--support is " + path
                        + "; for tasks that are not of images it must be a safetensors file with support.x"))
                .imageFormat();
        ImageBatch batch = ImageBatch.read(path, imageFormat, HadoopSettings.load());
        return new BatchStatistics.Batch(batch.images(), batch.numbers());
    }

    private ObjectNode note(InnerSettings inner) {
        Provenance from = stored.manifest().provenance();
        ObjectNode note = JSON.createObjectNode();
        note.put("kindling", from.kindling())
                .put("commit", from.commit())
                .put("run", directory.folder().toString())
                .put("rounds", stored.manifest().rounds())
                .put("finished", stored.manifest().finished())
                .put("network", model().network())
                .put("algorithm", algorithm().name())
                .put("inner_rate", inner.rate())
                .put("inner_steps", inner.steps())
                .put("fine_tuning_is_the_methods", algorithm().usesPlainGradientDescent())
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
