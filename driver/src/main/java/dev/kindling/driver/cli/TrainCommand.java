package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.run.CancellationSource;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.RoundProfile;
import dev.kindling.driver.run.RunService;
import dev.kindling.driver.storage.AtomicDirectory;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code train} command: begins or resumes a meta-training, then evaluates the trained model. */
@Command(name = "train", description = "Meta-trains, then evaluates on evaluation.split.")
final class TrainCommand implements Callable<Integer> {
    private final CommandContext context;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(
            names = "--resume",
            description = "Resumes the run in --out from its last checkpoint, or begins it if there is none.")
    private boolean resume;

    @Option(
            names = "--max-duration",
            paramLabel = "TIME",
            description = "Stops with a checkpoint after the round in which this time is reached: 90s, 30m, 2h.")
    private @Nullable String maxDuration;

    @Option(names = "--profile", description = "Prints the time by phase of a round at the end.")
    private boolean profile;

    TrainCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        try (CancellationSource cancellation = new CancellationSource()) {
            if (maxDuration != null) {
                cancellation.after(TimeBudget.parse(maxDuration), "--max-duration " + maxDuration);
            }
            context.signals().guarded(cancellation, () -> train(cancellation));
            return ExitCode.DONE.number();
        }
    }

    private void train(CancellationSource cancellation) {
        RoundProfile times = new RoundProfile(System::nanoTime);
        try {
            train(new RunService(context.run(), options.master(), cancellation, times));
        } finally {
            if (profile) {
                times.lines().forEach(context::print);
            }
        }
    }

    private void train(RunService service) {
        if (resume) {
            String place = options.out()
                    .orElseThrow(() ->
                            new IllegalArgumentException("--resume needs --out; it must be the directory of the run"));
            AtomicDirectory folder = AtomicDirectory.at(place, HadoopSettings.load());
            if (RunDirectory.isIn(folder)) {
                service.resume(folder, directory -> options.configuration(directory));
                return;
            }
        }
        begin(service);
    }

    private void begin(RunService service) {
        String job = options.requiredConf();
        JobConfig configuration = options.configuration(job);
        String place = options.out().orElseGet(() -> "runs/" + CommonOptions.jobName(job) + "-" + context.stamp());
        service.begin(configuration, AtomicDirectory.at(place, HadoopSettings.load()));
    }
}
