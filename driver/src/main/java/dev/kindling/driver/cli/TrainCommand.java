package dev.kindling.driver.cli;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.config.Configuration;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.loop.RoundListener;
import dev.kindling.driver.loop.RunFiles;
import dev.kindling.driver.loop.Training;
import dev.kindling.driver.metrics.RunLog;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code train}: meta-trains, evaluates, and says where the run is. */
@Command(name = "train", description = "Meta-trains, then evaluates on evaluation.split.")
final class TrainCommand implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private CommonOptions options = new CommonOptions();

    TrainCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        Path job = options.requiredConf();
        Optional<String> master = options.master();
        Prepared prepared = Prepared.of(Configuration.load(job, options.set()));
        String name = String.valueOf(job.getFileName()).replaceFirst("\\.conf$", "");
        String place = options.out().orElseGet(() -> "runs/" + name + "-" + around.stamp());
        RunDirectory directory = RunDirectory.create(
                place, prepared.hadoop(), prepared.configuration().rendered());
        String run = directory.folder().name();
        try (RunFiles files = files(prepared, directory);
                RunLog log = RunLog.of(run)) {
            log.started(
                    directory.folder().toString(), 0, prepared.settings().run().rounds());
            run(prepared, files, run, master);
        } finally {
            around.say("the run is in " + directory.folder());
        }
        return ExitCode.DONE.number();
    }

    private static RunFiles files(Prepared prepared, RunDirectory directory) {
        Settings settings = prepared.settings();
        Provenance provenance = Provenance.here(
                prepared.configuration().json(),
                settings.run().seed(),
                prepared.plan().hash(),
                prepared.source().dataHash(),
                settings.plan().backend().name());
        return new RunFiles(
                directory,
                settings.run(),
                provenance,
                settings.plan().model(),
                prepared.plan().parameters(),
                System::nanoTime);
    }

    private void run(Prepared prepared, RunFiles files, String run, Optional<String> master) {
        around.signals().guard();
        try {
            Training.Result result = around.signals().heeding(() -> train(prepared, files, run, master));
            files.done();
            RunLog.ended(ExitCode.DONE.number(), "The run is done.");
            EvaluationTable.lines(result.trained(), result.untrained()).forEach(around::say);
        } catch (RuntimeException | Error e) {
            files.failed(ExitCode.of(e).number(), ExitCode.sentence(e));
            RunLog.ended(ExitCode.of(e).number(), ExitCode.sentence(e));
            throw e;
        } finally {
            around.signals().release();
        }
    }

    private Training.Result train(Prepared prepared, RunFiles files, String run, Optional<String> master) {
        Settings settings = prepared.settings();
        Training training = new Training(new Training.Parts(
                settings.run(),
                prepared.plan(),
                prepared.source(),
                settings.failures(),
                new Aggregator(settings.clip()),
                settings.optimizer(),
                prepared.evaluator()));
        try (Platform.Running running = around.platform().start(run, master);
                Cluster cluster = running.cluster(prepared.plan().job(), settings.cluster());
                Progress progress = Progress.on(around, settings.run().rounds())) {
            Watch watch = new Watch(running.gauges());
            RoundListener watcher = round -> {
                around.signals().refuseIfArrived();
                watch.done(round);
                progress.done(round);
            };
            return around.signals().heeding(() -> training.run(cluster, files, watcher));
        }
    }
}
