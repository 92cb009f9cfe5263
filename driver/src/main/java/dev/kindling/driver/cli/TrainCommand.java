package dev.kindling.driver.cli;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.Folder;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.RunLock;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.loop.Training;
import dev.kindling.driver.metrics.RunLog;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code train}: meta-trains or goes on with it, evaluates, and says where the run is. */
@Command(name = "train", description = "Meta-trains, then evaluates on evaluation.split.")
final class TrainCommand implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(
            names = "--resume",
            description = "Goes on with the run in --out, from its last checkpoint; begins it where there is none.")
    private boolean resume;

    @Option(
            names = "--max-duration",
            paramLabel = "TIME",
            description = "Stops after the round in which so much time has passed, with a checkpoint: 90s, 30m, 2h.")
    private @Nullable String maxDuration;

    @Option(names = "--profile", description = "Says at the end where the time of a round went.")
    private boolean profile;

    TrainCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        try (StopRequest stop = new StopRequest()) {
            if (maxDuration != null) {
                stop.after(TimeBudget.parse(maxDuration), "--max-duration " + maxDuration);
            }
            guarded(stop);
            return ExitCode.DONE.number();
        }
    }

    private void guarded(StopRequest stop) {
        around.signals().guard(stop);
        try {
            train(stop);
        } finally {
            around.signals().release();
        }
    }

    private void train(StopRequest stop) {
        options.master();
        if (resume) {
            String place = options.out()
                    .orElseThrow(() ->
                            new IllegalArgumentException("--resume needs --out; it must be the directory of the run"));
            Folder folder = Folder.at(place, HadoopSettings.load());
            if (RunDirectory.isIn(folder)) {
                goOn(folder, stop);
                return;
            }
        }
        begin(stop);
    }

    private void begin(StopRequest stop) {
        String job = options.requiredConf();
        Prepared prepared = Prepared.of(options.configuration(job), options.master());
        String name = job.substring(job.lastIndexOf('/') + 1).replaceFirst("\\.conf$", "");
        String place = options.out().orElseGet(() -> "runs/" + name + "-" + around.stamp());
        Folder folder = Folder.at(place, prepared.hadoop());
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
            run(prepared, directory, lock, training, Optional.empty(), stop);
        }
    }

    private void goOn(Folder folder, StopRequest stop) {
        try (RunLock lock = RunLock.take(folder, around.clock())) {
            RunDirectory directory = RunDirectory.open(folder.permittedBy(lock::permit));
            Resumption resumption = before(directory, () -> Resumption.of(directory, options, around));
            if (resumption.isFinished()) {
                around.say(
                        "the run in " + folder + " is finished: " + resumption.rounds() + " rounds and an evaluation");
                return;
            }
            Prepared prepared = before(directory, () -> prepared(resumption));
            Training training = before(directory, () -> training(prepared, resumption.from()));
            around.say("going on after " + resumption.rounds() + " rounds");
            run(prepared, directory, lock, training, resumption.from(), stop);
        }
    }

    private Prepared prepared(Resumption resumption) {
        Prepared prepared = Prepared.of(resumption.configuration(), options.master());
        resumption.refuseOtherWork(prepared);
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

    private void run(
            Prepared prepared,
            RunDirectory directory,
            RunLock lock,
            Training training,
            Optional<Checkpoint> from,
            StopRequest stop) {
        Profile times = new Profile(System::nanoTime);
        prepared.source().notes().forEach(around::say);
        try (RunLog log = RunLog.of(directory.folder().name())) {
            log.started(
                    directory.folder().toString(),
                    training.rounds(),
                    prepared.settings().run().rounds());
            new TrainingRun(around, prepared, directory, lock, training, stop, times).run(from, options.master());
        } finally {
            if (profile) {
                times.lines().forEach(around::say);
            }
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
