package dev.kindling.driver.run;

import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.RunLock;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.error.StoppedEarlyException;
import dev.kindling.driver.error.StoppedException;
import dev.kindling.driver.metrics.DriverLogContext;
import dev.kindling.driver.metrics.RunStatus;
import dev.kindling.driver.metrics.RunTracker;
import dev.kindling.driver.metrics.StatusFile;
import dev.kindling.driver.training.FileRunRecorder;
import dev.kindling.driver.training.RunHeartbeat;
import dev.kindling.driver.training.TrainingLoop;
import dev.kindling.driver.training.UncheckedExceptions;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Runs one start of a training, from starting Spark to the final status in {@code status.json}. The driver must hold
 * the lock of the run directory.
 */
public final class RunSession {
    private final RunContext context;
    private final ResolvedRun resolved;
    private final RunDirectory directory;
    private final RunLock lock;
    private final TrainingLoop training;
    private final CancellationSource cancellation;
    private final RoundProfile profile;

    public RunSession(
            RunContext context,
            ResolvedRun resolved,
            RunDirectory directory,
            RunLock lock,
            TrainingLoop training,
            CancellationSource cancellation,
            RoundProfile profile) {
        this.context = context;
        this.resolved = resolved;
        this.directory = directory;
        this.lock = lock;
        this.training = training;
        this.cancellation = cancellation;
        this.profile = profile;
    }

    /**
     * Trains until the run ends, then evaluates.
     *
     * @param from the checkpoint from which the training was resumed; empty if it begins
     * @param master the value of {@code --master}
     * @return the evaluations of the trained and the untrained model
     * @throws StoppedException if the run was stopped and can be resumed
     */
    public TrainingLoop.Result run(Optional<Checkpoint> from, Optional<String> master) {
        StatusFile status = new StatusFile(directory.folder(), context.clock(), training.rounds());
        RunHeartbeat heartbeat = new RunHeartbeat(lock, status, cancellation::abandon);
        try (RunTracker tracker = openTracker(status);
                FileRunRecorder files = openRecorder(status, tracker, from)) {
            return run(files, tracker, master);
        } finally {
            heartbeat.close();
        }
    }

    /** Records the failure of a run. */
    private interface FailureRecorder {
        void failed(int exitCode, String message, String hint, Throwable failure);
    }

    private RunTracker openTracker(StatusFile status) {
        try {
            return RunTracker.open(
                    resolved.settings().run().tracking(),
                    directory,
                    resolved.configuration().resultSettings(),
                    resolved.provenance(),
                    resolved.hadoop(),
                    context::message);
        } catch (Exception | Error e) {
            throw failed(status::failed, e);
        }
    }

    private FileRunRecorder openRecorder(StatusFile status, RunTracker tracker, Optional<Checkpoint> from) {
        try {
            if (!training.isTrained()) {
                directory.removeEvaluation();
            }
            return recorder(status, tracker, from);
        } catch (Exception | Error e) {
            throw failed(status::failed, e);
        }
    }

    private TrainingLoop.Result run(FileRunRecorder files, RunTracker tracker, Optional<String> master) {
        try {
            TrainingLoop.Result result = train(files, master);
            track(tracker, result);
            files.done(completionMessage());
            DriverLogContext.ended(ExitCode.DONE.number(), completionMessage());
            tracker.end(RunTracker.End.FINISHED);
            context.results().accept(result);
            return result;
        } catch (StoppedEarlyException e) {
            RuntimeException stopped = stopped(files, e);
            tracker.end(RunTracker.End.STOPPED);
            throw stopped;
        } catch (Exception | Error e) {
            throw failed(files::failed, e);
        }
    }

    /** Logs the evaluation, if there is one, and the report, which is not made without a tracking server. */
    private void track(RunTracker tracker, TrainingLoop.Result result) {
        if (tracker == RunTracker.NONE) {
            return;
        }
        if (result.trained().isPresent()) {
            tracker.evaluation(directory.evaluation());
        }
        try {
            String report = RunReports.run(directory.folder(), List.of(), context::message);
            tracker.file("report.html", report.getBytes(StandardCharsets.UTF_8));
        } catch (RuntimeException e) {
            context.message("the report is not logged to run.mlflow: " + ExitCode.message(e));
        }
    }

    private FileRunRecorder recorder(StatusFile status, RunTracker tracker, Optional<Checkpoint> from) {
        Settings settings = resolved.settings();
        return new FileRunRecorder(
                directory,
                new FileRunRecorder.Origin(
                        resolved.provenance(),
                        resolved.configuration().resultSettingsJson(),
                        settings.plan().model(),
                        resolved.episode(),
                        resolved.plan().parameters(),
                        resolved.tableEncoding()),
                settings.run(),
                settings.checkpoints(),
                status,
                tracker,
                from,
                System::nanoTime,
                context::message);
    }

    private TrainingLoop.Result train(FileRunRecorder files, Optional<String> master) {
        Settings settings = resolved.settings();
        Optional<TrainingLoop.Result> result = Optional.empty();
        try (ClusterProvider.Session running = files.excludeFromThroughput(() -> starting(
                        () -> context.clusters().start(directory.folder().name(), master)));
                Cluster cluster = files.excludeFromThroughput(() -> starting(() -> resolved.cluster(running)));
                RunContext.Shown progress = context.progress()
                        .open(training.rounds(), settings.run().rounds())) {
            result = Optional.of(training.run(
                    cluster, files, new MetricsListener(running.gauges(), profile.before(progress)), cancellation));
        } catch (Exception e) {
            if (result.isEmpty()) {
                throw UncheckedExceptions.unchecked(e);
            }
            DriverLogContext.notClosed(e);
        }
        return result.orElseThrow();
    }

    /** Starts a platform or cluster. */
    private <T> T starting(Supplier<T> work) {
        return cancellation.runBeforeRound(training.rounds(), work);
    }

    private String completionMessage() {
        String rounds = ", so it ended after " + training.rounds() + " rounds.";
        if (training.rounds() >= resolved.settings().run().rounds()) {
            return "The run is done.";
        }
        return training.isExhausted()
                ? "The run is done: validation found no improvement" + rounds
                : "The run is done: its time limit was reached" + rounds;
    }

    private RuntimeException stopped(FileRunRecorder files, StoppedEarlyException e) {
        String message = stopMessage(
                cancellation, training.rounds(), resolved.settings().run().rounds(), directory);
        try {
            files.stopped(ExitCode.STOPPED.number(), message, resumeCommand());
        } catch (RuntimeException failure) {
            failure.addSuppressed(e);
            return failed(files::failed, failure);
        }
        DriverLogContext.ended(ExitCode.STOPPED.number(), message);
        return new StoppedException(ExitCode.STOPPED, message);
    }

    /** The message of a run that was stopped after some of its rounds. */
    static String stopMessage(CancellationSource cancellation, long done, long rounds, RunDirectory directory) {
        return cancellation.reason() + " stopped the run after " + done + " of " + rounds + " rounds; "
                + resumeCommand(directory) + " resumes it";
    }

    private RuntimeException failed(FailureRecorder record, Throwable e) {
        Throwable cause = lockLossOr(e instanceof Exception failure ? UncheckedExceptions.unchecked(failure) : e);
        ExitCode code = ExitCode.of(cause);
        record.failed(code.number(), ExitCode.message(cause), hint(code, directory), cause);
        DriverLogContext.ended(code.number(), ExitCode.message(cause));
        if (cause instanceof Error error) {
            throw error;
        }
        return (RuntimeException) cause;
    }

    /**
     * Records in {@code status.json} that a run failed or was stopped during its preparation. A refusal for wrong usage leaves
     * the status as it is, because the run has not changed.
     */
    public static void endedBefore(RunDirectory directory, InstantSource clock, Throwable e) {
        ExitCode code = ExitCode.of(e);
        if (code != ExitCode.WRONG_USAGE) {
            RunStatus.State state = code == ExitCode.STOPPED ? RunStatus.State.STOPPED : RunStatus.State.FAILED;
            String message = ExitCode.message(e);
            StatusFile.endedBefore(directory.folder(), clock, state, code.number(), message, hint(code, directory), e);
            DriverLogContext.ended(code.number(), message);
        }
    }

    private static String hint(ExitCode code, RunDirectory directory) {
        return switch (code) {
            case STOPPED -> resumeCommand(directory);
            case DIVERGED -> "the same configuration would diverge again: begin another run with another one";
            default -> "remove the cause; then " + resumeCommand(directory) + " resumes the run";
        };
    }

    /** Returns the loss of the lock if it was lost, since other failures then follow from it; otherwise the failure. */
    private Throwable lockLossOr(Throwable e) {
        if (!lock.isLost()) {
            return e;
        }
        try {
            lock.permit();
            return e;
        } catch (RuntimeException loss) {
            return loss;
        }
    }

    private String resumeCommand() {
        return resumeCommand(directory);
    }

    private static String resumeCommand(RunDirectory directory) {
        return "kindling train --resume --out " + directory.folder();
    }
}
