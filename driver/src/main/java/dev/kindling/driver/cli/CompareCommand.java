package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.Folder;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.config.ComparisonFile;
import dev.kindling.driver.evaluation.Comparison;
import dev.kindling.driver.evaluation.ComparisonJson;
import dev.kindling.driver.evaluation.Contestant;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.MeanTask;
import dev.kindling.driver.evaluation.Protocol;
import dev.kindling.driver.evaluation.Scores;
import dev.kindling.driver.evaluation.TaskTable;
import dev.kindling.driver.loop.Undeclared;
import dev.kindling.driver.report.ComparisonReport;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code compare}: trains or loads several entrants, evaluates all on the same tasks, and says how they differ. */
@Command(
        name = "compare",
        description =
                "Trains or loads several jobs and runs, and compares them on the same held-out tasks. An --out that "
                        + "holds a part of the comparison already is gone on with.")
final class CompareCommand implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "Trains N seeds of each job, run.seed and the next ones; compare.seeds if left out.")
    private @Nullable Integer seeds;

    CompareCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        String conf = options.requiredConf();
        Optional<String> master = options.master();
        ComparisonFile file = ComparisonFile.load(conf, options.jobFiles(), options.set(), Optional.ofNullable(seeds));
        Folder out = Folder.at(
                options.out().orElseGet(() -> "runs/" + CommonOptions.jobName(conf) + "-" + around.stamp()),
                HadoopSettings.load());
        if (RunDirectory.isIn(out)) {
            throw new IllegalArgumentException(
                    "--out is " + out + ", which is a run; it must be a new folder or one of a comparison");
        }
        List<Competitor> competitors = file.entrants().stream()
                .map(entrant -> Competitor.of(entrant, file.seeds(), out, master))
                .toList();
        competitors.forEach(competitors.get(0)::refuseOtherTasks);
        competitors.forEach(competitor -> competitor.refuseUnknownFits(file.fits()));
        Optional<Scores> meanTask = file.baselines().contains(MeanTask.NAME)
                ? Optional.of(Competitor.meanTask(competitors))
                : Optional.empty();
        try (StopRequest stop = new StopRequest()) {
            around.signals()
                    .guarded(stop, () -> compare(new Work(competitors, meanTask, file.fits(), out, stop), master));
        }
        return ExitCode.DONE.number();
    }

    /** What there is to do; the mean task is measured already, where it is asked for. */
    private record Work(
            List<Competitor> competitors, Optional<Scores> meanTask, List<String> fits, Folder out, StopRequest stop) {}

    private void compare(Work work, Optional<String> master) {
        List<Scores> scores = new ArrayList<>();
        List<Protocol> protocols = new ArrayList<>();
        try (Platform.Running running = around.platform().start(work.out().name() + " (comparison)", master)) {
            for (Competitor competitor : work.competitors()) {
                List<Evaluation> evaluations = evaluations(competitor, running, work, master);
                protocols.add(evaluations.get(0).protocol());
                scores.add(new Scores(
                        competitor.name(),
                        evaluations.stream().map(CompareCommand::tasks).toList()));
            }
        }
        work.meanTask().ifPresent(scores::add);
        Comparison comparison = new Comparison(protocols.get(0), scores);
        List<Contestant> contestants = new ArrayList<>();
        for (int i = 0; i < protocols.size(); i++) {
            contestants.add(work.competitors().get(i).contestant(protocols.get(i), work.out()));
        }
        work.meanTask().ifPresent(mean -> contestants.add(Contestant.untrained(mean.name())));
        String json = ComparisonJson.of(comparison, contestants, work.fits());
        work.out().replace(ComparisonReport.RESULT, json.getBytes(StandardCharsets.UTF_8));
        ComparisonTable.lines(comparison, contestants).forEach(around::say);
        around.say("the comparison is in " + work.out().place(ComparisonReport.RESULT));
        around.say("the report is in " + Reports.write(work.out(), List.of(), around));
    }

    private List<Evaluation> evaluations(
            Competitor competitor, Platform.Running running, Work work, Optional<String> master) {
        Surroundings shared = new Surroundings(
                new SharedPlatform(running), around.out(), around.clock(), around.terminal(), around.signals());
        List<Evaluation> evaluations = new ArrayList<>();
        for (Competitor.Run run : competitor.runs()) {
            around.say(competitor.name() + ", seed " + run.seed() + ":");
            Trainer trainer = new Trainer(shared, master, work.stop(), new Profile(System::nanoTime));
            evaluations.add(stoppable(
                    work,
                    () -> competitor.train(run, trainer).orElseGet(() -> evaluate(competitor, run, running, work))));
        }
        return evaluations;
    }

    private Evaluation evaluate(Competitor competitor, Competitor.Run run, Platform.Running running, Work work) {
        around.say("evaluating " + run.folder());
        return work.stop().untilRequested(() -> competitor.evaluate(run, running));
    }

    /** Says of a comparison that was stopped how it goes on. */
    private Evaluation stoppable(Work work, Supplier<Evaluation> one) {
        try {
            Evaluation evaluation = one.get();
            if (!work.stop().isRequested()) {
                return evaluation;
            }
        } catch (Exception e) {
            RuntimeException failure = Undeclared.unchecked(e);
            if (!work.stop().isRequested()) {
                throw failure;
            }
        }
        throw new StoppedException(
                ExitCode.STOPPED,
                work.stop().reason() + " stopped the comparison in " + work.out() + "; the same command with --out "
                        + work.out() + " goes on");
    }

    private static TaskTable tasks(Evaluation evaluation) {
        return evaluation.tasks().orElseThrow();
    }
}
