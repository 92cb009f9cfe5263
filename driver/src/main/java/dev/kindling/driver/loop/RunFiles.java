package dev.kindling.driver.loop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.checkpoint.Manifest;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.metrics.MetricsLog;
import dev.kindling.driver.metrics.Pace;
import dev.kindling.driver.metrics.RoundMetrics;
import dev.kindling.driver.metrics.RunStatus;
import dev.kindling.driver.metrics.TimeSplit;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.function.LongSupplier;

/** The record of a run in its directory: metrics, status, model, evaluation. */
public final class RunFiles implements RunRecord, AutoCloseable {
    /** {@code status.json} is rewritten no more often than this. */
    private static final long STATUS_PAUSE = Duration.ofSeconds(2).toNanos();

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final RunDirectory directory;
    private final RunSettings settings;
    private final Provenance provenance;
    private final ModelSettings network;
    private final Layout parameters;
    private final LongSupplier nanoTime;
    private final MetricsLog metrics;
    private final Pace pace;
    private long rounds;
    private long statusWritten;
    private TimeSplit times = TimeSplit.NONE;
    private int timed;

    /**
     * The files of a run that begins now.
     *
     * @param provenance what manifests say
     * @param network what {@code network.json} says
     * @param parameters the arrays of θ
     * @param nanoTime as {@link System#nanoTime}
     */
    public RunFiles(
            RunDirectory directory,
            RunSettings settings,
            Provenance provenance,
            ModelSettings network,
            Layout parameters,
            LongSupplier nanoTime) {
        this.directory = directory;
        this.settings = settings;
        this.provenance = provenance;
        this.network = network;
        this.parameters = parameters;
        this.nanoTime = nanoTime;
        this.statusWritten = nanoTime.getAsLong();
        RunStatus.running(0).write(directory);
        this.metrics = new MetricsLog(directory);
        this.pace = new Pace(nanoTime);
    }

    @Override
    public void done(Round round) {
        rounds = round.number();
        pace.count(settings.tasksPerRound());
        times = times.plus(round.times());
        timed++;
        if (settings.logsAfter(rounds)) {
            metrics.write(line(round));
        }
        long now = nanoTime.getAsLong();
        if (now - statusWritten > STATUS_PAUSE) {
            statusWritten = now;
            pace.pause(() -> RunStatus.running(rounds).write(directory));
        }
    }

    private RoundMetrics line(Round round) {
        SortedMap<String, Double> means = round.gradient().means();
        Pace.Reading reading = pace.read();
        TimeSplit mean = times.dividedBy(timed);
        times = TimeSplit.NONE;
        timed = 0;
        return new RoundMetrics(
                round.number(),
                means.getOrDefault("query_loss", Double.NaN),
                means.containsKey("query_accuracy")
                        ? OptionalDouble.of(means.getOrDefault("query_accuracy", Double.NaN))
                        : OptionalDouble.empty(),
                means.getOrDefault("support_loss", Double.NaN),
                round.gradient().norm(),
                round.gradient().tasks(),
                round.failed().size(),
                reading.seconds(),
                reading.tasksPerSecond(),
                round.bytesOut(),
                round.bytesIn(),
                mean);
    }

    @Override
    public void model(Storage theta, long made, RunRecord.Progress progress) {
        metrics.save();
        directory.writeModel(
                new Manifest(provenance, made, progress == RunRecord.Progress.FINISHED),
                parameters,
                theta,
                networkJson());
    }

    private String networkJson() {
        ObjectNode root = JSON.createObjectNode();
        root.put("network", network.network())
                .put("initializer", network.initializer())
                .put("batch_norm", network.batchNorm());
        ObjectNode shapes = root.putObject("parameters");
        for (Layout.Entry entry : parameters.entries()) {
            shapes.set(entry.name(), JSON.valueToTree(entry.shape().dims()));
        }
        try {
            return JSON.writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void evaluation(Evaluation evaluation) {
        directory.writeEvaluation(evaluation.json());
    }

    /** Says in {@code status.json} that the run is done. */
    public void done() {
        RunStatus.ended(RunStatus.State.DONE, 0, "The run is done.", rounds).write(directory);
    }

    /** Says in {@code status.json} how the run failed. */
    public void failed(int exitCode, String sentence) {
        metrics.save();
        RunStatus.ended(RunStatus.State.FAILED, exitCode, sentence, rounds).write(directory);
    }

    @Override
    public void close() {
        metrics.close();
    }
}
