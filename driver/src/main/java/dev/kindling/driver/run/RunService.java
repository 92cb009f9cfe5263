package dev.kindling.driver.run;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.RunLock;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.error.StoppedEarlyException;
import dev.kindling.driver.error.StoppedException;
import dev.kindling.driver.metrics.DriverLogContext;
import dev.kindling.driver.metrics.RunTracker;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.training.TrainingLoop;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Begins or resumes a meta-training in a run directory.
 *
 * @param master the value of {@code --master}
 * @param cancellation requests that the run end early
 * @param times records the times of the rounds
 */
public record RunService(
        RunContext context, Optional<String> master, CancellationSource cancellation, RoundProfile times) {
    /**
     * Begins a run of a configuration. A table is prepared first, in the run's folder and on the platform that runs the
     * rounds; other configurations are resolved before the folder is created.
     *
     * @throws IllegalArgumentException if the configuration makes no sense or the folder is not empty
     * @throws StoppedException if the run was stopped
     */
    public TrainingLoop.Result begin(JobConfig configuration, AtomicDirectory folder) {
        if (!SettingsReader.isOfTable(configuration)) {
            return begin(context.clusters().resolve(configuration, master), folder);
        }
        refuseOccupied(folder);
        RunTracker.requireUsable(SettingsReader.tracking(configuration));
        try (RunLock lock = RunLock.take(folder, context.clock());
                KeptSession platform = new KeptSession(context.clusters(), folder.name())) {
            context.message("preparing the table");
            ResolvedRun resolved = stoppable(
                    0,
                    () -> platform.resolve(configuration.withRunFolder(folder.toString()), master),
                    () -> cancellation.reason()
                            + " stopped the run while its table was prepared; the same command begins it again");
            resolved.requireTrainable();
            return on(platform).begin(resolved, folder, lock);
        }
    }

    /** Resolves a run, which may take long for a table; a stop ends it at once, with the given message. */
    private ResolvedRun stoppable(long rounds, Supplier<ResolvedRun> work, Supplier<String> message) {
        try {
            return cancellation.runBeforeRound(rounds, work);
        } catch (StoppedEarlyException e) {
            throw new StoppedException(ExitCode.STOPPED, message.get(), e);
        }
    }

    private RunService on(ClusterProvider clusters) {
        return new RunService(context.with(clusters), master, cancellation, times);
    }

    private static void refuseOccupied(AtomicDirectory folder) {
        if (!RunLock.isIn(folder)) {
            RunDirectory.refuseUnlessEmpty(folder);
        }
    }

    /** Begins a run; IllegalArgumentException if the folder is not empty. */
    public TrainingLoop.Result begin(ResolvedRun resolved, AtomicDirectory folder) {
        resolved.requireTrainable();
        refuseOccupied(folder);
        RunTracker.requireUsable(resolved.settings().run().tracking());
        try (RunLock lock = RunLock.take(folder, context.clock())) {
            return begin(resolved, folder, lock);
        }
    }

    private TrainingLoop.Result begin(ResolvedRun resolved, AtomicDirectory folder, RunLock lock) {
        RunDirectory directory = RunDirectory.create(
                folder.guardedBy(lock::permit), resolved.configuration().rendered());
        TrainingLoop training = before(directory, () -> {
            resolved.configuration().networkFile().ifPresent(directory::keepNetwork);
            return training(resolved, Optional.empty());
        });
        return run(resolved, directory, lock, training, Optional.empty());
    }

    /**
     * Resumes a run from its newest checkpoint.
     *
     * @param requested returns the requested configuration for the run's directory
     * @return the result; empty if the run is finished already
     */
    public Optional<TrainingLoop.Result> resume(AtomicDirectory folder, Function<RunDirectory, JobConfig> requested) {
        try (RunLock lock = RunLock.take(folder, context.clock())) {
            RunDirectory directory = RunDirectory.open(folder.guardedBy(lock::permit));
            refuseEarlierVersion(directory);
            ResumePlan resumePlan =
                    before(directory, () -> ResumePlan.of(directory, requested.apply(directory), context));
            if (resumePlan.isFinished()) {
                context.message(
                        "the run in " + folder + " is finished: " + resumePlan.rounds() + " rounds and an evaluation");
                return Optional.empty();
            }
            if (resumePlan.settings().table().isEmpty()) {
                return Optional.of(resumed(resumePlan, lock));
            }
            try (KeptSession platform = new KeptSession(context.clusters(), folder.name())) {
                return Optional.of(on(platform).resumed(resumePlan, lock));
            }
        }
    }

    private TrainingLoop.Result resumed(ResumePlan resumePlan, RunLock lock) {
        RunDirectory directory = resumePlan.directory();
        ResolvedRun resolved = before(directory, () -> prepared(resumePlan));
        TrainingLoop training = before(directory, () -> training(resolved, resumePlan.from()));
        context.message("resuming after " + resumePlan.rounds() + " rounds");
        return run(resolved, directory, lock, training, resumePlan.from());
    }

    private static void refuseEarlierVersion(RunDirectory directory) {
        String place = directory.folder().place("config.conf");
        if (JobConfig.isOfAnEarlierVersion(place, directory.configuration())) {
            throw new IllegalArgumentException("the run in " + directory.folder()
                    + " was begun by Kindling 0.1.0, whose runs this version cannot resume; its model can be evaluated,"
                    + " exported and reported");
        }
    }

    private ResolvedRun prepared(ResumePlan resumePlan) {
        long rounds = resumePlan.settings().run().rounds();
        ResolvedRun resolved = stoppable(
                resumePlan.rounds(),
                () -> context.clusters().resolve(resumePlan.configuration(), master),
                () -> RunSession.stopMessage(cancellation, resumePlan.rounds(), rounds, resumePlan.directory()));
        resumePlan.refuseOtherWork(resolved);
        resolved.requireTrainable();
        resolved.configuration().networkFile().ifPresent(resumePlan.directory()::keepNetwork);
        resumePlan.directory().writeConfiguration(resolved.configuration().rendered());
        return resolved;
    }

    /** Runs a step of the preparation; if it fails or is stopped, that is recorded in {@code status.json}. */
    private <T> T before(RunDirectory directory, Supplier<T> work) {
        try {
            return work.get();
        } catch (RuntimeException | Error e) {
            RunSession.endedBefore(directory, context.clock(), e);
            throw e;
        }
    }

    private TrainingLoop.Result run(
            ResolvedRun resolved,
            RunDirectory directory,
            RunLock lock,
            TrainingLoop training,
            Optional<Checkpoint> from) {
        resolved.notes().forEach(context::message);
        resolved.evaluationNote().ifPresent(context::message);
        context.clusters().warnings(master).forEach(context::message);
        try (DriverLogContext log = DriverLogContext.of(directory.folder().name())) {
            log.started(
                    directory.folder().toString(),
                    training.rounds(),
                    resolved.settings().run().rounds());
            return new RunSession(context, resolved, directory, lock, training, cancellation, times).run(from, master);
        } finally {
            context.message("the run is in " + directory.folder());
        }
    }

    /** Creates the training loop of a resolved run, from its beginning or from a checkpoint. */
    public static TrainingLoop training(ResolvedRun resolved, Optional<Checkpoint> from) {
        Settings settings = resolved.settings();
        TrainingLoop training = new TrainingLoop(new TrainingLoop.Parts(
                settings.run(),
                settings.checkpoints(),
                resolved.plan(),
                resolved.source(),
                settings.failures(),
                new Aggregator(settings.clip(), resolved.plan().statistics()),
                settings.optimizer(),
                resolved.validator(),
                resolved.evaluatorIfOn()));
        from.ifPresent(training::resume);
        return training;
    }
}
