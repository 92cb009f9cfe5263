package dev.kindling.driver.training;

import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.Manifest;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.TrainingProgress;
import dev.kindling.driver.evaluation.EvaluatedModel;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.PerTaskParquet;
import dev.kindling.driver.metrics.DriverLogContext;
import dev.kindling.driver.metrics.MetricsWriter;
import dev.kindling.driver.metrics.RoundMetrics;
import dev.kindling.driver.metrics.RoundTimings;
import dev.kindling.driver.metrics.RunStatus;
import dev.kindling.driver.metrics.StatusFile;
import dev.kindling.driver.metrics.TrainingThroughput;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** The record of a run in its directory: metrics, status, checkpoints, model, evaluation. Used by the loop's thread. */
public final class FileRunRecorder implements RunRecorder, AutoCloseable {
    private final RunDirectory directory;
    private final Origin origin;
    private final RunSettings settings;
    private final CheckpointSettings checkpoints;
    private final StatusFile status;
    private final MetricsWriter metrics;
    private final TrainingThroughput throughput;
    private final AsyncCheckpointWriter checkpointWriter = new AsyncCheckpointWriter();
    private RoundTimings times = RoundTimings.NONE;
    private int timed;
    private Optional<EvaluatedModel> model = Optional.empty();

    /**
     * What a run's files say about themselves.
     *
     * @param provenance what manifests say
     * @param settings those that decide what it computes, as a JSON object
     * @param network what {@code network.json} says
     * @param episode the shapes of a task
     * @param parameters the arrays of θ
     */
    public record Origin(
            Provenance provenance, String settings, ModelSettings network, EpisodeLayout episode, Layout parameters) {}

    /**
     * The files of a run that begins or goes on now.
     *
     * @param checkpoints how many to keep
     * @param status where it says how it stands
     * @param from the checkpoint it goes on from; empty for a run that begins
     * @param nanoTime as {@link System#nanoTime}
     * @param warning is told of what is damaged and can be done without, in one sentence each
     */
    public FileRunRecorder(
            RunDirectory directory,
            Origin origin,
            RunSettings settings,
            CheckpointSettings checkpoints,
            StatusFile status,
            Optional<Checkpoint> from,
            LongSupplier nanoTime,
            Consumer<String> warning) {
        this.directory = directory;
        this.origin = origin;
        this.settings = settings;
        this.checkpoints = checkpoints;
        this.status = status;
        this.metrics = from.map(checkpoint ->
                        MetricsWriter.resumed(directory, checkpoint.manifest().rounds(), extra(checkpoint), warning))
                .orElseGet(() -> new MetricsWriter(directory));
        this.throughput = new TrainingThroughput(
                from.map(Checkpoint::progress).map(TrainingProgress::seconds).orElse(0.0), nanoTime);
    }

    /** The round of the last line of a run that is made longer, where the longer run would not have logged it. */
    private OptionalLong extra(Checkpoint checkpoint) {
        long rounds = checkpoint.manifest().rounds();
        boolean ended = checkpoint
                        .manifest()
                        .provenance()
                        .configuration()
                        .at("/run/rounds")
                        .asLong()
                == rounds;
        return ended && !settings.logsAfter(rounds) ? OptionalLong.of(rounds) : OptionalLong.empty();
    }

    @Override
    public void done(TrainingListener.Round round, Optional<Validation> validation) {
        checkpointWriter.refuseIfFailed();
        directory.folder().ensureWritable();
        status.count(round.number());
        throughput.count(settings.tasksPerRound());
        times = times.plus(round.times());
        timed++;
        boolean last = settings.isOverAfter(throughput.seconds());
        if (settings.logsAfter(round.number()) || (settings.logs() && (last || validation.isPresent()))) {
            metrics.write(line(round, validation));
        }
    }

    private RoundMetrics line(TrainingListener.Round round, Optional<Validation> validation) {
        SortedMap<String, Double> means = round.gradient().means();
        TrainingThroughput.Reading reading = throughput.read();
        RoundTimings mean = times.dividedBy(timed);
        times = RoundTimings.NONE;
        timed = 0;
        return new RoundMetrics(
                round.number(),
                means.getOrDefault("query_loss", Double.NaN),
                means.containsKey("query_accuracy")
                        ? OptionalDouble.of(means.getOrDefault("query_accuracy", Double.NaN))
                        : OptionalDouble.empty(),
                means.getOrDefault("support_loss", Double.NaN),
                validation.stream().mapToDouble(Validation::loss).findFirst(),
                validation.map(Validation::accuracy).orElse(OptionalDouble.empty()),
                round.gradient().norm(),
                round.gradient().tasks() * settings.together(),
                round.failed().size() * settings.together(),
                reading.seconds(),
                reading.tasksPerSecond(),
                round.bytesOut(),
                round.bytesIn(),
                mean);
    }

    @Override
    public <T> T excludeFromThroughput(Supplier<T> work) {
        return throughput.pause(work);
    }

    @Override
    public double seconds() {
        return throughput.seconds();
    }

    /** Copies are made by the caller; the bytes are made and written while the next rounds run. */
    @Override
    public void checkpoint(TrainingState state) {
        Runnable metricsUntilNow = metrics.saving();
        double seconds = throughput.seconds();
        Runnable write = () -> {
            RunDirectory.requireThere(directory.folder());
            metricsUntilNow.run();
            directory.checkpoints().write(state.checkpoint(origin.provenance(), origin.parameters(), seconds));
            DriverLogContext.checkpoint(state.rounds(), directory.folder().place("checkpoints"));
            directory
                    .checkpoints()
                    .keep(
                            state.rounds(),
                            checkpoints.keep(),
                            state.best().map(best -> best.validation().round()));
        };
        throughput.pause(() -> {
            checkpointWriter.begin(DriverLogContext.carried(write));
            return state;
        });
    }

    @Override
    public void model(FlatVector theta, long made, RunRecorder.Progress progress) {
        checkpointWriter.await();
        RunDirectory.requireThere(directory.folder());
        metrics.saving().run();
        String hash = directory.writeModel(
                new Manifest(origin.provenance(), made, progress == RunRecorder.Progress.FINISHED),
                origin.parameters(),
                theta,
                NetworkDescription.json(origin.network(), origin.episode(), origin.parameters()));
        model = Optional.of(new EvaluatedModel(origin.settings(), origin.provenance(), made, hash));
    }

    @Override
    public void evaluation(Evaluation evaluation) {
        RunDirectory.requireThere(directory.folder());
        EvaluatedModel evaluated =
                model.orElseThrow(() -> new IllegalStateException("the model is recorded before its evaluation"));
        directory.writeEvaluation(evaluation.json(evaluated), evaluation.tasks().map(PerTaskParquet::encode));
    }

    /** Says in {@code status.json} that the run is done, when all else is on disk. */
    public void done(String sentence) {
        checkpointWriter.await();
        metrics.saving().run();
        metrics.close();
        status.end(RunStatus.done(sentence, status.round()));
    }

    /**
     * Says in {@code status.json} that the run was stopped.
     *
     * @param next how to go on
     * @throws UncheckedIOException if what it needs to go on could not be written
     */
    public void stopped(int exitCode, String sentence, String next) {
        checkpointWriter.await();
        status.end(RunStatus.ended(RunStatus.State.STOPPED, exitCode, sentence, status.round(), next));
    }

    /**
     * Says in {@code status.json} how the run failed, as far as it can still be written.
     *
     * @param next how to go on
     */
    public void failed(int exitCode, String sentence, String next, Throwable failure) {
        try {
            checkpointWriter.await();
            metrics.saving().run();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
        status.failed(exitCode, sentence, next, failure);
    }

    @Override
    public void close() {
        checkpointWriter.close();
        metrics.close();
    }
}
