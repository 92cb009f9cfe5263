package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.RunLock;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterException;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.loop.Keeper;
import dev.kindling.driver.loop.RunFiles;
import dev.kindling.driver.loop.StoppedEarlyException;
import dev.kindling.driver.loop.Training;
import dev.kindling.driver.loop.Undeclared;
import dev.kindling.driver.metrics.RunLog;
import dev.kindling.driver.metrics.StatusFile;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;

/** One start of a run whose folder is this driver's: from Spark's start to the last word in {@code status.json}. */
final class TrainingRun {
    private final Surroundings around;
    private final Prepared prepared;
    private final RunDirectory directory;
    private final RunLock lock;
    private final Training training;
    private final StopRequest stop;
    private final Profile profile;

    TrainingRun(
            Surroundings around,
            Prepared prepared,
            RunDirectory directory,
            RunLock lock,
            Training training,
            StopRequest stop,
            Profile profile) {
        this.around = around;
        this.prepared = prepared;
        this.directory = directory;
        this.lock = lock;
        this.training = training;
        this.stop = stop;
        this.profile = profile;
    }

    /**
     * Trains to the end.
     *
     * @param from the checkpoint at which the training stands; empty at its beginning
     * @param master as {@code --master} says
     * @return the trained and the untrained model on the same tasks
     * @throws StoppedException if the run was stopped and can be resumed
     */
    Training.Result run(Optional<Checkpoint> from, Optional<String> master) {
        StatusFile status = new StatusFile(directory.folder(), around.clock(), training.rounds());
        Keeper keeper = new Keeper(lock, status, stop::abandon);
        try (RunFiles files = opened(status, from)) {
            return run(files, master);
        } finally {
            keeper.close();
        }
    }

    /** Where the failure of a run is written down. */
    private interface Failing {
        void failed(int exitCode, String sentence, String next, Throwable failure);
    }

    private RunFiles opened(StatusFile status, Optional<Checkpoint> from) {
        try {
            if (!training.isTrained()) {
                directory.removeEvaluation();
            }
            return files(status, from);
        } catch (Exception | Error e) {
            throw failed(status::failed, e);
        }
    }

    private Training.Result run(RunFiles files, Optional<String> master) {
        try {
            Training.Result result = train(files, master);
            files.done(end());
            RunLog.ended(ExitCode.DONE.number(), end());
            EvaluationTable.lines(result.trained(), result.untrained()).forEach(around::say);
            return result;
        } catch (StoppedEarlyException e) {
            throw stopped(files, e);
        } catch (Exception | Error e) {
            throw failed(files::failed, e);
        }
    }

    private RunFiles files(StatusFile status, Optional<Checkpoint> from) {
        Settings settings = prepared.settings();
        return new RunFiles(
                directory,
                new RunFiles.Origin(
                        prepared.provenance(),
                        prepared.configuration().decidingJson(),
                        settings.plan().model(),
                        prepared.plan().parameters()),
                settings.run(),
                settings.checkpoints(),
                status,
                from,
                System::nanoTime,
                around::say);
    }

    private Training.Result train(RunFiles files, Optional<String> master) {
        Settings settings = prepared.settings();
        Optional<Training.Result> result = Optional.empty();
        try (Platform.Running running = files.aside(() -> starting(
                        () -> around.platform().start(directory.folder().name(), master)));
                Cluster cluster = files.aside(() -> starting(() -> cluster(running)));
                Progress progress =
                        Progress.on(around, training.rounds(), settings.run().rounds())) {
            result = Optional.of(
                    training.run(cluster, files, new Watch(running.gauges(), profile.before(progress)), stop));
        } catch (Exception e) {
            if (result.isEmpty()) {
                throw Undeclared.unchecked(e);
            }
            RunLog.notClosed(e);
        }
        return result.orElseThrow();
    }

    private Cluster cluster(Platform.Running running) {
        Cluster rounds =
                running.cluster(prepared.plan().job(), prepared.settings().cluster());
        try {
            return prepared.averagedRounds()
                    .map(averaged -> running.averaging(rounds, averaged))
                    .orElse(rounds);
        } catch (RuntimeException | Error e) {
            rounds.close();
            throw e;
        }
    }

    /** What a signal breaks off here fails like a cluster, and is none. */
    private <T> T starting(Supplier<T> work) {
        try {
            return stop.untilRequested(work);
        } catch (Exception e) {
            RuntimeException failure = Undeclared.unchecked(e);
            throw stop.isRequested() && failure instanceof ClusterException
                    ? new StoppedEarlyException(training.rounds(), failure)
                    : failure;
        }
    }

    private String end() {
        String early = ", so it ended after " + training.rounds() + " rounds.";
        if (training.rounds() >= prepared.settings().run().rounds()) {
            return "The run is done.";
        }
        return training.isExhausted()
                ? "The run is done: validation found nothing better since" + early
                : "The run is done: its time was over" + early;
    }

    private RuntimeException stopped(RunFiles files, StoppedEarlyException e) {
        String sentence = stop.reason() + " stopped the run after " + training.rounds() + " of "
                + prepared.settings().run().rounds() + " rounds; " + again() + " goes on";
        try {
            files.stopped(ExitCode.STOPPED.number(), sentence, again());
        } catch (RuntimeException failure) {
            failure.addSuppressed(e);
            return failed(files::failed, failure);
        }
        RunLog.ended(ExitCode.STOPPED.number(), sentence);
        return new StoppedException(ExitCode.STOPPED, sentence);
    }

    private RuntimeException failed(Failing record, Throwable e) {
        Throwable cause = lossOr(e instanceof Exception failure ? Undeclared.unchecked(failure) : e);
        ExitCode code = ExitCode.of(cause);
        record.failed(code.number(), ExitCode.sentence(cause), next(code, directory), cause);
        RunLog.ended(code.number(), ExitCode.sentence(cause));
        if (cause instanceof Error error) {
            throw error;
        }
        return (RuntimeException) cause;
    }

    /**
     * Says in {@code status.json} that a run failed before it was under way; a refusal leaves the status as it is, for
     * nothing has happened to the run.
     */
    static void failedBefore(RunDirectory directory, InstantSource clock, Throwable e) {
        ExitCode code = ExitCode.of(e);
        if (code != ExitCode.WRONG_USAGE) {
            String sentence = ExitCode.sentence(e);
            StatusFile.failedBefore(directory.folder(), clock, code.number(), sentence, next(code, directory), e);
            RunLog.ended(code.number(), sentence);
        }
    }

    private static String next(ExitCode code, RunDirectory directory) {
        return code == ExitCode.DIVERGED
                ? "the same configuration would diverge again: begin another run with another one"
                : "remove the cause; then " + again(directory) + " goes on";
    }

    /** Where the lock was lost the rest is only what came of it. */
    private Throwable lossOr(Throwable e) {
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

    private String again() {
        return again(directory);
    }

    private static String again(RunDirectory directory) {
        return "kindling train --resume --out " + directory.folder();
    }
}
