package dev.kindling.driver.cli;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.Folder;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.RunLock;
import dev.kindling.driver.config.Configuration;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.loop.Training;
import dev.kindling.driver.metrics.RunLog;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Meta-trains in a folder: begins a run there or goes on with the one that is there.
 *
 * @param master as {@code --master} says
 * @param stop the wish that a run ends early
 * @param times is told of the rounds
 */
record Trainer(Surroundings around, Optional<String> master, StopRequest stop, Profile times) {
    /** Begins a run; IllegalArgumentException if the folder holds something already. */
    Training.Result begin(Prepared prepared, Folder folder) {
        prepared.requireTrainable();
        if (!RunLock.isIn(folder)) {
            RunDirectory.refuseUnlessEmpty(folder);
        }
        try (RunLock lock = RunLock.take(folder, around.clock())) {
            RunDirectory directory = RunDirectory.create(
                    folder.permittedBy(lock::permit), prepared.configuration().rendered());
            Training training = before(directory, () -> {
                prepared.configuration().networkFile().ifPresent(directory::keepNetwork);
                return training(prepared, Optional.empty());
            });
            return run(prepared, directory, lock, training, Optional.empty());
        }
    }

    /**
     * Goes on with a run.
     *
     * @param asked what its configuration is to be
     * @return empty where the run is finished already
     */
    Optional<Training.Result> goOn(Folder folder, Function<RunDirectory, Configuration> asked) {
        try (RunLock lock = RunLock.take(folder, around.clock())) {
            RunDirectory directory = RunDirectory.open(folder.permittedBy(lock::permit));
            Resumption resumption = before(directory, () -> Resumption.of(directory, asked.apply(directory), around));
            if (resumption.isFinished()) {
                around.say(
                        "the run in " + folder + " is finished: " + resumption.rounds() + " rounds and an evaluation");
                return Optional.empty();
            }
            Prepared prepared = before(directory, () -> prepared(resumption));
            Training training = before(directory, () -> training(prepared, resumption.from()));
            around.say("going on after " + resumption.rounds() + " rounds");
            return Optional.of(run(prepared, directory, lock, training, resumption.from()));
        }
    }

    private Prepared prepared(Resumption resumption) {
        Prepared prepared = Prepared.of(resumption.configuration(), master);
        resumption.refuseOtherWork(prepared);
        prepared.requireTrainable();
        prepared.configuration().networkFile().ifPresent(resumption.directory()::keepNetwork);
        resumption.directory().writeConfiguration(prepared.configuration().rendered());
        return prepared;
    }

    /** Does what comes before a run is under way: what fails there is the run's end too. */
    private <T> T before(RunDirectory directory, Supplier<T> work) {
        try {
            return work.get();
        } catch (RuntimeException | Error e) {
            TrainingRun.failedBefore(directory, around.clock(), e);
            throw e;
        }
    }

    private Training.Result run(
            Prepared prepared, RunDirectory directory, RunLock lock, Training training, Optional<Checkpoint> from) {
        prepared.notes(master).forEach(around::say);
        try (RunLog log = RunLog.of(directory.folder().name())) {
            log.started(
                    directory.folder().toString(),
                    training.rounds(),
                    prepared.settings().run().rounds());
            return new TrainingRun(around, prepared, directory, lock, training, stop, times).run(from, master);
        } finally {
            around.say("the run is in " + directory.folder());
        }
    }

    private static Training training(Prepared prepared, Optional<Checkpoint> from) {
        Settings settings = prepared.settings();
        Training training = new Training(new Training.Parts(
                settings.run(),
                settings.checkpoints(),
                prepared.plan(),
                prepared.source(),
                settings.failures(),
                new Aggregator(settings.clip(), prepared.plan().statistics()),
                settings.optimizer(),
                prepared.validator(),
                prepared.evaluator()));
        from.ifPresent(training::resume);
        return training;
    }
}
