package dev.kindling.driver.cli;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.check.CheckReport;
import dev.kindling.driver.check.CheckTarget;
import dev.kindling.driver.check.Checker;
import dev.kindling.driver.check.TaskChoice;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.NetworkFiles;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.evaluation.SplitNames;
import dev.kindling.driver.plan.BackendSettings;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.job.algorithm.EnsembleAlgorithm;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.task.CheckResult;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.EnsembleLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code check} command: checks the gradients of a configuration in double precision, without Spark. */
@Command(
        name = "check",
        description =
                "Checks a configuration, or with --out and without --conf the model of a run: compares the task's losses "
                        + "and meta-gradient with the same task computed step by step, and checks the order of the "
                        + "meta-gradient, that θ changes, and that neither splits nor support and query share data. Ends "
                        + "with 0 if all checks pass, with 1 if one fails or is inconclusive.")
final class CheckCommand implements Callable<Integer> {
    /** The settings with which a single model is checked, whatever the size of its table. */
    private static final Map<String, ?> ONE_MODEL = Map.of(EnsembleAlgorithm.KEY, 1, "run.min-training-groups", 0);

    private static final String CHECK_INITIALIZER = "fan-in-uniform";

    private final CommandContext context;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(
            names = "--dump",
            paramLabel = "DIR",
            description =
                    "Writes θ, the episode, its meta-gradient, the parameters after each inner step, the predictions and "
                            + "check.json there, without overwriting files; for several tasks into a folder for each.")
    private @Nullable String dump;

    @Option(names = "--theta", paramLabel = "FILE", description = "Reads θ from a safetensors file.")
    private @Nullable String theta;

    @Option(names = "--episode", paramLabel = "FILE", description = "Reads the episode from a safetensors file.")
    private @Nullable String episode;

    @Option(
            names = "--round",
            paramLabel = "R",
            description =
                    "Checks a task of round R, from 0; if left out, a task of round 0 with the method in the middle of "
                            + "the run, or in the first round in which its claim applies.")
    private @Nullable Long round;

    @Option(names = "--task", paramLabel = "I", description = "Checks task I of its round, from 0; default 0.")
    private int task;

    @Option(names = "--tasks", paramLabel = "N", description = "Checks N tasks, from --task on; default 1.")
    private int tasks = 1;

    @Option(names = "--split", paramLabel = "SPLIT", description = "Checks tasks of train, val or test; default train.")
    private String split = "train";

    CheckCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        List<TaskChoice> choices = choices();
        choices.forEach(choice -> dumpOf(choice)
                .ifPresent(place ->
                        AtomicDirectory.at(place, HadoopSettings.load()).refuseExisting("--dump", CheckFiles.NAMES)));
        Optional<RunDirectory> run = options.conf().isPresent()
                ? Optional.empty()
                : options.out().map(place -> RunDirectory.open(place, HadoopSettings.load()));
        JobConfig configuration = run.map(directory -> options.configuration(directory))
                .orElseGet(() -> options.configuration(options.requiredConf()));
        int members = SettingsReader.read(
                        NetworkFiles.attach(configuration, HadoopSettings.load()), HadoopSettings.load())
                .run()
                .members();
        ResolvedRun resolved = ResolvedRun.here(configuration.with(ONE_MODEL));
        resolved.source().notes().forEach(context::print);
        if (members > 1) {
            context.print("checking the first of " + members + " members; all run the same program");
        }
        Layout stored = EnsembleLayout.of(resolved.plan().parameters(), members);
        Optional<FlatVector> learned = run.map(directory ->
                EnsembleLayout.part(directory.readModel().theta().flat(stored, Precision.DOUBLE), 0, members));
        return check(resolved, choices, learned).number();
    }

    private ExitCode check(ResolvedRun resolved, List<TaskChoice> choices, Optional<FlatVector> learned) {
        ExitCode worst = ExitCode.DONE;
        for (TaskChoice choice : choices) {
            ExitCode code = check(resolved, target(resolved, choice), choice, learned);
            worst = code == ExitCode.DONE ? worst : code;
        }
        return worst;
    }

    /** The folder for a task's files; with several tasks, each has a folder of its own. */
    private Optional<String> dumpOf(TaskChoice choice) {
        return Optional.ofNullable(dump).map(place -> tasks > 1 ? place + "/task-" + choice.index() : place);
    }

    private List<TaskChoice> choices() {
        if (tasks < 1 || (tasks > 1 && episode != null)) {
            throw new IllegalArgumentException(
                    "--tasks is " + tasks + "; it must be at least 1, and 1 where --episode gives the only task");
        }
        Split chosen = SplitNames.named(split)
                .orElseThrow(
                        () -> new IllegalArgumentException("--split is " + split + "; it must be train, val or test"));
        TaskChoice first = new TaskChoice(chosen, round == null ? OptionalLong.empty() : OptionalLong.of(round), task);
        List<TaskChoice> choices = new ArrayList<>();
        for (int i = 0; i < tasks; i++) {
            choices.add(first.after(i));
        }
        return choices;
    }

    /**
     * Checks a target on one task, prints the results and writes the requested files.
     *
     * @param target the implementation under check
     * @param choice selects the task
     * @param learned θ of a run; empty to initialise θ
     */
    ExitCode check(ResolvedRun resolved, CheckTarget target, TaskChoice choice, Optional<FlatVector> learned) {
        Checker checker = new Checker(target, choice);
        FlatVector at = Optional.ofNullable(theta)
                .map(file -> read(file, checker.parameters(), resolved))
                .or(() -> learned)
                .orElseGet(() -> initialTheta(resolved, choice));
        FlatVector given = Optional.ofNullable(episode)
                .map(file -> read(file, checker.episodeArrays(), resolved))
                .orElseGet(checker::episode);
        CheckReport report = checker.check(at, given);
        if (choice.index() == task) {
            report = report.and(checker.checkConfiguration(at));
        }
        CheckFiles files = new CheckFiles(resolved, checker, at, given, report);
        dumpOf(choice).ifPresent(place -> files.dump(AtomicDirectory.at(place, resolved.hadoop())));
        if (options.conf().isPresent() && tasks == 1) {
            options.out().ifPresent(place -> files.writeReport(AtomicDirectory.at(place, resolved.hadoop())));
        }
        report.results().forEach(result -> print(choice, result));
        return report.holds() ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    }

    static CheckTarget target(ResolvedRun resolved, TaskChoice choice) {
        Settings settings = resolved.settings();
        BackendSettings backend = settings.plan().backend().inDouble();
        return new CheckTarget(
                resolved.plan().algorithm(),
                settings.reference(),
                resolved.plan().model(layout(resolved, choice)),
                resolved.source(),
                Backends.named(backend.name()),
                backend.options(),
                new CheckTarget.Round(
                        settings.run().seed(),
                        Math.max(1, settings.run().rounds()),
                        settings.run().contributions(),
                        new Aggregator(settings.clip(), resolved.plan().statistics()),
                        settings.optimizer()));
    }

    /** The shapes of the checked task. */
    private static EpisodeLayout layout(ResolvedRun resolved, TaskChoice choice) {
        TaskSource source = resolved.source();
        return source.layout(choice.spec(source, resolved.settings().run().seed()));
    }

    /**
     * Initial parameters for the check. At the small weights of a truncated normal, first- and second-order gradients
     * hardly differ, so the check initialises them from a wider distribution.
     */
    private static FlatVector initialTheta(ResolvedRun resolved, TaskChoice choice) {
        Model model = ModelFactory.of(
                resolved.settings().plan().model().withInitializer(CHECK_INITIALIZER), layout(resolved, choice));
        FlatVector at =
                FlatVector.zeros(Precision.DOUBLE, resolved.plan().parameters().size());
        resolved.plan().algorithm().initialise(model, resolved.settings().run().seed(), at);
        return at;
    }

    private static FlatVector read(String file, Layout layout, ResolvedRun resolved) {
        byte[] bytes = AtomicDirectory.of(file, resolved.hadoop()).read(new Path(file).getName());
        return Safetensors.decode(bytes, file).flat(layout, Precision.DOUBLE);
    }

    private void print(TaskChoice choice, CheckResult result) {
        String which = tasks > 1 ? "task " + choice.index() + ", " : "";
        context.print(which + result.verdict().word() + ": " + result.statement() + " (" + result.evidence() + ")");
    }
}
