package dev.kindling.driver.cli;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.check.CheckReport;
import dev.kindling.driver.check.Checker;
import dev.kindling.driver.check.Proof;
import dev.kindling.driver.check.Subject;
import dev.kindling.driver.check.TaskChoice;
import dev.kindling.driver.checkpoint.Folder;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.Safetensors;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.evaluation.Splits;
import dev.kindling.driver.plan.BackendSettings;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Models;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code check}: proves a configuration in double precision, without Spark. */
@Command(
        name = "check",
        description =
                "Proves a configuration, or with --out and without --conf the model of a run: the task's losses and its "
                        + "meta-gradient against the same task computed step by step, the order of the meta-gradient, that θ moves, "
                        + "and that neither splits nor support and query share data. Ends with 0 if all is proved, with 1 if "
                        + "something fails or stays inconclusive.")
final class CheckCommand implements Callable<Integer> {
    private static final String PROVING_INITIALIZER = "fan-in-uniform";

    private final Surroundings around;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(
            names = "--dump",
            paramLabel = "DIR",
            description =
                    "Writes θ, the episode, its meta-gradient, the parameters after each inner step, the predictions and "
                            + "check.json there, over none that are there; of several tasks into a folder for each.")
    private @Nullable String dump;

    @Option(names = "--theta", paramLabel = "FILE", description = "Takes θ from a safetensors file.")
    private @Nullable String theta;

    @Option(names = "--episode", paramLabel = "FILE", description = "Takes the episode from a safetensors file.")
    private @Nullable String episode;

    @Option(
            names = "--round",
            paramLabel = "R",
            description =
                    "Looks at a task of round R, 0 and up, as the method is then; left out, at a task of round 0 in the "
                            + "middle of the run, or where the method does what it claims.")
    private @Nullable Long round;

    @Option(names = "--task", paramLabel = "I", description = "Looks at task I of its round, 0 and up; 0 if left out.")
    private int task;

    @Option(names = "--tasks", paramLabel = "N", description = "Looks at N tasks, from --task on; 1 if left out.")
    private int tasks = 1;

    @Option(
            names = "--split",
            paramLabel = "SPLIT",
            description = "Looks at tasks of train, val or test; train if left out.")
    private String split = "train";

    CheckCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        List<TaskChoice> choices = choices();
        choices.forEach(choice -> dumpOf(choice)
                .ifPresent(
                        place -> Folder.at(place, HadoopSettings.load()).refuseExisting("--dump", CheckFiles.NAMES)));
        Optional<RunDirectory> run = options.conf().isPresent()
                ? Optional.empty()
                : options.out().map(place -> RunDirectory.open(place, HadoopSettings.load()));
        Prepared prepared = Prepared.here(run.map(directory -> RunConfiguration.asked(options, directory))
                .orElseGet(() -> options.configuration(options.requiredConf())));
        prepared.source().notes().forEach(around::say);
        Optional<Storage> learned = run.map(
                directory -> directory.readModel().theta().flat(prepared.plan().parameters(), Precision.DOUBLE));
        return prove(prepared, choices, learned).number();
    }

    private ExitCode prove(Prepared prepared, List<TaskChoice> choices, Optional<Storage> learned) {
        ExitCode worst = ExitCode.DONE;
        for (TaskChoice choice : choices) {
            ExitCode code = prove(prepared, subject(prepared, choice), choice, learned);
            worst = code == ExitCode.DONE ? worst : code;
        }
        return worst;
    }

    /** Where the files of a task go: of several, into a folder for each. */
    private Optional<String> dumpOf(TaskChoice choice) {
        return Optional.ofNullable(dump).map(place -> tasks > 1 ? place + "/task-" + choice.index() : place);
    }

    private List<TaskChoice> choices() {
        if (tasks < 1 || (tasks > 1 && episode != null)) {
            throw new IllegalArgumentException(
                    "--tasks is " + tasks + "; it must be at least 1, and 1 where --episode gives the only task");
        }
        Purpose purpose = Splits.named(split)
                .orElseThrow(
                        () -> new IllegalArgumentException("--split is " + split + "; it must be train, val or test"));
        TaskChoice first = new TaskChoice(purpose, round == null ? OptionalLong.empty() : OptionalLong.of(round), task);
        List<TaskChoice> choices = new ArrayList<>();
        for (int i = 0; i < tasks; i++) {
            choices.add(first.after(i));
        }
        return choices;
    }

    /**
     * Proves what was made of a configuration on a task, and says and writes what was found.
     *
     * @param learned θ of a run
     */
    ExitCode prove(Prepared prepared, Subject subject, TaskChoice choice, Optional<Storage> learned) {
        Checker checker = new Checker(subject, choice);
        Storage at = Optional.ofNullable(theta)
                .map(file -> read(file, checker.parameters(), prepared))
                .or(() -> learned)
                .orElseGet(() -> provingTheta(prepared, choice));
        Storage given = Optional.ofNullable(episode)
                .map(file -> read(file, checker.episodeArrays(), prepared))
                .orElseGet(checker::episode);
        CheckReport report = checker.check(at, given);
        if (choice.index() == task) {
            report = report.and(checker.checkConfiguration(at));
        }
        CheckFiles files = new CheckFiles(prepared, checker, at, given, report);
        dumpOf(choice).ifPresent(place -> files.dump(Folder.at(place, prepared.hadoop())));
        if (options.conf().isPresent() && tasks == 1) {
            options.out().ifPresent(place -> files.writeReport(Folder.at(place, prepared.hadoop())));
        }
        report.proofs().forEach(proof -> say(choice, proof));
        return report.holds() ? ExitCode.DONE : ExitCode.PROOF_FAILED;
    }

    static Subject subject(Prepared prepared, TaskChoice choice) {
        Settings settings = prepared.settings();
        BackendSettings backend = settings.plan().backend().inDouble();
        return new Subject(
                prepared.plan().algorithm(),
                settings.reference(),
                prepared.plan().model(layout(prepared, choice)),
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
    private static EpisodeLayout layout(Prepared prepared, TaskChoice choice) {
        TaskSource source = prepared.source();
        return source.layout(choice.spec(source, prepared.settings().run().seed()));
    }

    /** Weights at which first and second order differ; at the small ones of a truncated normal they hardly do. */
    private static Storage provingTheta(Prepared prepared, TaskChoice choice) {
        Model model = Models.of(
                prepared.settings().plan().model().withInitializer(PROVING_INITIALIZER), layout(prepared, choice));
        Storage at =
                Storage.zeros(Precision.DOUBLE, prepared.plan().parameters().size());
        prepared.plan().algorithm().initialise(model, prepared.settings().run().seed(), at);
        return at;
    }

    private static Storage read(String file, Layout layout, Prepared prepared) {
        byte[] bytes = Folder.of(file, prepared.hadoop()).read(new Path(file).getName());
        return Safetensors.decode(bytes, file).flat(layout, Precision.DOUBLE);
    }

    private void say(TaskChoice choice, Proof proof) {
        String which = tasks > 1 ? "task " + choice.index() + ", " : "";
        around.say(which + proof.verdict().word() + ": " + proof.statement() + " (" + proof.evidence() + ")");
    }
}
