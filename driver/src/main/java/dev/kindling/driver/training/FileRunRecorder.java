package dev.kindling.driver.training;

import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.Manifest;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.TrainingProgress;
import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.evaluation.EvaluatedModel;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.PerTaskParquet;
import dev.kindling.driver.metrics.DriverLogContext;
import dev.kindling.driver.metrics.MetricsWriter;
import dev.kindling.driver.metrics.RoundMetrics;
import dev.kindling.driver.metrics.RoundTimings;
import dev.kindling.driver.metrics.RunStatus;
import dev.kindling.driver.metrics.RunTracker;
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

/** Records a run in its directory: metrics, status, checkpoints, model, evaluation. Used by the training loop's thread. */
public final class FileRunRecorder implements RunRecorder, AutoCloseable {
    private final RunDirectory directory;
    private final Origin origin;
    private final RunSettings settings;
    private final CheckpointSettings checkpoints;
    private final StatusFile status;
    private final MetricsWriter metrics;
    private final RunTracker tracker;
    private final TrainingThroughput throughput;
    private final AsyncCheckpointWriter checkpointWriter = new AsyncCheckpointWriter();
    private RoundTimings times = RoundTimings.NONE;
    private int timedRounds;
    private Optional<EvaluatedModel> model = Optional.empty();

    /**
     * The description of a run that its files carry.
     *
     * @param provenance for manifests
     * @param settings the settings that determine the result, as a JSON object
     * @param network for {@code network.json}
     * @param episode layout of a task
     * @param parameters names and shapes of the arrays of θ
     * @param table for {@code table.json}; empty if tasks do not come from a table
     */
    public record Origin(
            Provenance provenance,
            String settings,
            ModelSettings network,
            EpisodeLayout episode,
            Layout parameters,
            Optional<String> table) {}

    /**
     * A recorder for a run that starts or is resumed.
     *
     * @param checkpoints how many checkpoints to retain
     * @param status the run's status file
     * @param tracker receives the metrics too
     * @param from the checkpoint that the run resumes from; empty for a new run
     * @param nanoTime as {@link System#nanoTime}
     * @param warning receives a single-line message for each damaged file that is not needed
     */
    public FileRunRecorder(
            RunDirectory directory,
            Origin origin,
            RunSettings settings,
            CheckpointSettings checkpoints,
            StatusFile status,
            RunTracker tracker,
            Optional<Checkpoint> from,
            LongSupplier nanoTime,
            Consumer<String> warning) {
        this.directory = directory;
        this.origin = origin;
        this.settings = settings;
        this.checkpoints = checkpoints;
        this.status = status;
        MetricsWriter.Files files = settings.metricsFiles();
        this.metrics = from.map(checkpoint -> MetricsWriter.resumed(
                        directory, files, checkpoint.manifest().rounds(), extra(checkpoint), warning))
                .orElseGet(() -> MetricsWriter.create(directory, files));
        this.tracker = tracker;
        if (tracker.isNew()) {
            metrics.earlier().forEach(tracker::line);
        }
        this.throughput = new TrainingThroughput(
                from.map(Checkpoint::progress).map(TrainingProgress::seconds).orElse(0.0), nanoTime);
    }

    /** The round of the last line of a run that is now extended, if the longer run would not have logged that round. */
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
        throughput.count(settings.allTasksPerRound());
        times = times.plus(round.times());
        timedRounds++;
        boolean last = settings.isOverAfter(throughput.seconds());
        if (settings.logsAfter(round.number()) || (settings.logs() && (last || validation.isPresent()))) {
            tracker.line(metrics.write(line(round, validation)));
        }
    }

    private RoundMetrics line(TrainingListener.Round round, Optional<Validation> validation) {
        SortedMap<String, Double> means = round.gradient().means();
        TrainingThroughput.Reading reading = throughput.read();
        RoundTimings mean = times.dividedBy(timedRounds);
        times = RoundTimings.NONE;
        timedRounds = 0;
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
                round.gradient().tasks() * settings.tasksPerContribution(),
                round.failed().size() * settings.tasksPerContribution(),
                reading.seconds(),
                reading.tasksPerSecond(),
                round.bytesOut(),
                round.bytesIn(),
                mean);
    }

    @Override
    public <T> T excludeFromThroughput(Supplier<T> work) {
        return throughput.exclude(work);
    }

    @Override
    public double seconds() {
        return throughput.seconds();
    }

    /** The caller passes copies; they are encoded and written while the next rounds run. */
    @Override
    public void checkpoint(TrainingState state) {
        Runnable metricsUntilNow = metrics.syncAction();
        double seconds = throughput.seconds();
        Runnable write = () -> {
            RunDirectory.requireExists(directory.folder());
            metricsUntilNow.run();
            directory.checkpoints().write(state.checkpoint(origin.provenance(), origin.parameters(), seconds));
            DriverLogContext.checkpoint(state.rounds(), directory.folder().place("checkpoints"));
            directory
                    .checkpoints()
                    .retain(state.rounds(), checkpoints.keep(), state.best().map(TrainingState.BestModel::round));
        };
        throughput.exclude(() -> {
            checkpointWriter.begin(DriverLogContext.carried(write));
            return state;
        });
    }

    @Override
    public void model(FlatVector theta, long rounds, RunRecorder.Progress progress) {
        checkpointWriter.await();
        RunDirectory.requireExists(directory.folder());
        metrics.syncAction().run();
        String hash = directory.writeModel(
                new Manifest(origin.provenance(), rounds, progress == RunRecorder.Progress.FINISHED),
                origin.parameters(),
                theta,
                NetworkDescription.json(origin.network(), origin.episode(), origin.parameters()),
                origin.table());
        model = Optional.of(new EvaluatedModel(origin.settings(), origin.provenance(), rounds, hash));
    }

    @Override
    public void evaluation(Evaluation evaluation) {
        RunDirectory.requireExists(directory.folder());
        EvaluatedModel evaluated =
                model.orElseThrow(() -> new IllegalStateException("the model is recorded before its evaluation"));
        directory.writeEvaluation(
                evaluation.json(evaluated), evaluation.tasks().map(PerTaskParquet::encode), evaluation.groupsParquet());
    }

    /** Writes to {@code status.json} that the run is done, after all other files are on disk. */
    public void done(String message) {
        checkpointWriter.await();
        metrics.syncAction().run();
        metrics.close();
        status.end(RunStatus.done(message, status.round()));
    }

    /**
     * Writes to {@code status.json} that the run was stopped early.
     *
     * @param hint how to resume it
     * @throws UncheckedIOException if the files that resuming needs could not be written
     */
    public void stopped(int exitCode, String message, String hint) {
        checkpointWriter.await();
        status.end(RunStatus.ended(RunStatus.State.STOPPED, exitCode, message, status.round(), hint));
    }

    /**
     * Writes to {@code status.json} that the run failed, if the file can still be written.
     *
     * @param hint what the user can do next
     * @param failure receives the exceptions of writes as suppressed
     */
    public void failed(int exitCode, String message, String hint, Throwable failure) {
        try {
            checkpointWriter.await();
            metrics.syncAction().run();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
        status.failed(exitCode, message, hint, failure);
    }

    @Override
    public void close() {
        checkpointWriter.close();
        metrics.close();
    }
}
