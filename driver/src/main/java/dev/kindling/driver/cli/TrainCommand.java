package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.Folder;
import dev.kindling.driver.checkpoint.RunDirectory;
import java.util.concurrent.Callable;
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
            around.signals().guarded(stop, () -> train(stop));
            return ExitCode.DONE.number();
        }
    }

    private void train(StopRequest stop) {
        Profile times = new Profile(System::nanoTime);
        try {
            train(new Trainer(around, options.master(), stop, times));
        } finally {
            if (profile) {
                times.lines().forEach(around::say);
            }
        }
    }

    private void train(Trainer trainer) {
        if (resume) {
            String place = options.out()
                    .orElseThrow(() ->
                            new IllegalArgumentException("--resume needs --out; it must be the directory of the run"));
            Folder folder = Folder.at(place, HadoopSettings.load());
            if (RunDirectory.isIn(folder)) {
                trainer.goOn(folder, directory -> RunConfiguration.asked(options, directory));
                return;
            }
        }
        begin(trainer);
    }

    private void begin(Trainer trainer) {
        String job = options.requiredConf();
        Prepared prepared = Prepared.of(options.configuration(job), options.master());
        String place = options.out().orElseGet(() -> "runs/" + CommonOptions.jobName(job) + "-" + around.stamp());
        trainer.begin(prepared, Folder.at(place, prepared.hadoop()));
    }
}
