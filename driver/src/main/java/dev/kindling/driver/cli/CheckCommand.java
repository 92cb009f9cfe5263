package dev.kindling.driver.cli;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.check.CheckReport;
import dev.kindling.driver.check.Checker;
import dev.kindling.driver.check.Proof;
import dev.kindling.driver.check.Subject;
import dev.kindling.driver.checkpoint.Folder;
import dev.kindling.driver.checkpoint.Safetensors;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.plan.BackendSettings;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Models;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code check}: proves a configuration in double precision, without Spark. */
@Command(
        name = "check",
        description = "Proves a configuration: finite differences against the meta-gradient, the order it has, that "
                + "θ moves, and that neither splits nor support and query share data.")
final class CheckCommand implements Callable<Integer> {
    private static final String PROVING_INITIALIZER = "fan-in-uniform";
    private static final String REPORT = "check.json";
    private static final String THETA = "theta.safetensors";
    private static final String EPISODE = "episode.safetensors";
    private static final String META_GRADIENT = "meta-gradient.safetensors";

    private final Surroundings around;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(
            names = "--dump",
            paramLabel = "DIR",
            description = "Writes θ, the episode, its meta-gradient and check.json there, over none that are there.")
    private @Nullable String dump;

    @Option(names = "--theta", paramLabel = "FILE", description = "Takes θ from a safetensors file.")
    private @Nullable String theta;

    @Option(names = "--episode", paramLabel = "FILE", description = "Takes the episode from a safetensors file.")
    private @Nullable String episode;

    CheckCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        if (dump != null) {
            Folder.at(dump, HadoopSettings.load())
                    .refuseExisting("--dump", List.of(THETA, EPISODE, META_GRADIENT, REPORT));
        }
        Prepared prepared = Prepared.here(options.configuration(options.requiredConf()));
        prepared.source().notes().forEach(around::say);
        return prove(prepared, subject(prepared)).number();
    }

    /** Proves what was made of a configuration, and says and writes what was found. */
    ExitCode prove(Prepared prepared, Subject subject) {
        Checker checker = new Checker(subject);
        Storage at = Optional.ofNullable(theta)
                .map(file -> read(file, checker.parameters(), prepared))
                .orElseGet(() -> provingTheta(prepared));
        Storage task = Optional.ofNullable(episode)
                .map(file -> read(file, checker.episodeArrays(), prepared))
                .orElseGet(checker::firstEpisode);
        CheckReport report = checker.check(at, task);
        Optional.ofNullable(dump).ifPresent(place -> dump(place, prepared, checker, at, task, report));
        options.out().ifPresent(place -> write(Folder.at(place, prepared.hadoop()), report));
        report.proofs().forEach(this::say);
        return report.holds() ? ExitCode.DONE : ExitCode.PROOF_FAILED;
    }

    static Subject subject(Prepared prepared) {
        Settings settings = prepared.settings();
        BackendSettings backend = settings.plan().backend().inDouble();
        return new Subject(
                prepared.plan().algorithm(),
                prepared.plan().model(layout(prepared)),
                prepared.source(),
                Backends.named(backend.name()),
                backend.options(),
                new Subject.Round(
                        settings.run().seed(),
                        settings.run().rounds(),
                        settings.run().contributions(),
                        new Aggregator(settings.clip(), prepared.plan().statistics()),
                        settings.optimizer()));
    }

    /** The shapes of the task that is looked at. */
    private static EpisodeLayout layout(Prepared prepared) {
        TaskSource source = prepared.source();
        return source.layout(Subject.firstTask(source, prepared.settings().run().seed()));
    }

    /** Weights at which first and second order differ; at the small ones of a truncated normal they hardly do. */
    private static Storage provingTheta(Prepared prepared) {
        Model model =
                Models.of(prepared.settings().plan().model().withInitializer(PROVING_INITIALIZER), layout(prepared));
        Storage at =
                Storage.zeros(Precision.DOUBLE, prepared.plan().parameters().size());
        prepared.plan().algorithm().initialise(model, prepared.settings().run().seed(), at);
        return at;
    }

    private static Storage read(String file, Layout layout, Prepared prepared) {
        byte[] bytes = Folder.of(file, prepared.hadoop()).read(new Path(file).getName());
        return Safetensors.decode(bytes, file).flat(layout, Precision.DOUBLE);
    }

    private static void dump(
            String place, Prepared prepared, Checker checker, Storage at, Storage task, CheckReport report) {
        Folder folder = Folder.at(place, prepared.hadoop());
        folder.replace(THETA, Safetensors.encode(checker.parameters(), at));
        folder.replace(EPISODE, Safetensors.encode(checker.episodeArrays(), task));
        folder.replace(META_GRADIENT, Safetensors.encode(checker.parameters(), report.metaGradient()));
        write(folder, report);
    }

    private static void write(Folder folder, CheckReport report) {
        folder.replace(REPORT, report.json().getBytes(StandardCharsets.UTF_8));
    }

    private void say(Proof proof) {
        around.say((proof.holds() ? "proved: " : "FAILED: ") + proof.statement() + " (" + proof.evidence() + ")");
    }
}
