package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.config.ComparisonFile;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.error.StoppedException;
import dev.kindling.driver.evaluation.Comparison;
import dev.kindling.driver.evaluation.ComparisonJson;
import dev.kindling.driver.evaluation.EntrantScores;
import dev.kindling.driver.evaluation.EntrantSummary;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.GroupEvaluation;
import dev.kindling.driver.evaluation.MeanPredictorBaseline;
import dev.kindling.driver.evaluation.PerTaskResults;
import dev.kindling.driver.evaluation.Protocol;
import dev.kindling.driver.report.ComparisonReport;
import dev.kindling.driver.run.CancellationSource;
import dev.kindling.driver.run.ClusterProvider;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.KeptSession;
import dev.kindling.driver.run.PreparedEntrant;
import dev.kindling.driver.run.RoundProfile;
import dev.kindling.driver.run.RunContext;
import dev.kindling.driver.run.RunReports;
import dev.kindling.driver.run.RunService;
import dev.kindling.driver.run.SharedSession;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.training.UncheckedExceptions;
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

/** The {@code compare} command: trains or loads several entrants, evaluates and compares them on the same tasks. */
@Command(
        name = "compare",
        description = "Trains or loads several jobs and runs, and compares them on the same held-out tasks. A "
                + "comparison that is partly done in --out is resumed.")
final class CompareCommand implements Callable<Integer> {
    private final CommandContext context;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "Trains N seeds of each job, run.seed and the next ones; default compare.seeds.")
    private @Nullable Integer seeds;

    CompareCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        try (KeptSession platform = new KeptSession(context.clusters(), "kindling comparison")) {
            return compare(platform);
        }
    }

    private int compare(ClusterProvider clusters) {
        String conf = options.requiredConf();
        Optional<String> master = options.master();
        ComparisonFile file = ComparisonFile.load(conf, options.jobFiles(), options.set(), Optional.ofNullable(seeds));
        AtomicDirectory out = AtomicDirectory.at(
                options.out().orElseGet(() -> "runs/" + CommonOptions.jobName(conf) + "-" + context.stamp()),
                HadoopSettings.load());
        if (RunDirectory.isIn(out)) {
            throw new IllegalArgumentException(
                    "--out is " + out + ", which is a run; it must be a new folder or one of a comparison");
        }
        List<PreparedEntrant> entrants = file.entrants().stream()
                .map(entrant -> PreparedEntrant.of(entrant, file.seeds(), out, clusters, master))
                .toList();
        entrants.forEach(entrants.get(0)::refuseOtherTasks);
        entrants.forEach(entrant -> entrant.refuseUnknownFits(file.fits()));
        Optional<EntrantScores> meanTask = file.baselines().contains(MeanPredictorBaseline.NAME)
                ? Optional.of(PreparedEntrant.meanTask(entrants))
                : Optional.empty();
        try (CancellationSource cancellation = new CancellationSource()) {
            context.signals()
                    .guarded(
                            cancellation,
                            () -> compare(
                                    new Work(entrants, meanTask, file.fits(), out, cancellation), clusters, master));
        }
        return ExitCode.DONE.number();
    }

    /**
     * The inputs of a comparison.
     *
     * @param meanTask the scores of the mean-predictor baseline, which needs no cluster; empty if not configured
     */
    private record Work(
            List<PreparedEntrant> entrants,
            Optional<EntrantScores> meanTask,
            List<String> fits,
            AtomicDirectory out,
            CancellationSource cancellation) {}

    private void compare(Work work, ClusterProvider clusters, Optional<String> master) {
        List<EntrantScores> scores = new ArrayList<>();
        List<Protocol> protocols = new ArrayList<>();
        List<List<GroupEvaluation>> groups = new ArrayList<>();
        try (ClusterProvider.Session running = clusters.start(work.out().name() + " (comparison)", master)) {
            for (PreparedEntrant entrant : work.entrants()) {
                List<Evaluation> evaluations = evaluations(entrant, running, work, master);
                protocols.add(evaluations.get(0).protocol());
                groups.add(evaluations.stream()
                        .flatMap(evaluation -> evaluation.groups().stream())
                        .toList());
                scores.add(new EntrantScores(
                        entrant.name(),
                        evaluations.stream().map(CompareCommand::tasks).toList()));
            }
        }
        work.meanTask().ifPresent(scores::add);
        Comparison comparison = new Comparison(protocols.get(0), scores);
        List<EntrantSummary> entrants = new ArrayList<>();
        for (int i = 0; i < protocols.size(); i++) {
            entrants.add(work.entrants().get(i).summary(protocols.get(i), work.out()));
        }
        work.meanTask().ifPresent(mean -> entrants.add(EntrantSummary.untrained(mean.name())));
        Optional<GroupEvaluation> byGroup = groups.stream().anyMatch(List::isEmpty)
                ? Optional.empty()
                : Optional.of(GroupEvaluation.joined(
                        work.entrants().stream().map(PreparedEntrant::name).toList(), groups));
        String json = ComparisonJson.of(comparison, entrants, work.fits(), byGroup);
        work.out().replace(ComparisonReport.RESULT, json.getBytes(StandardCharsets.UTF_8));
        ComparisonTable.lines(comparison, entrants).forEach(context::print);
        byGroup.map(GroupTable::lines).ifPresent(lines -> lines.forEach(context::print));
        context.print("the comparison is in " + work.out().place(ComparisonReport.RESULT));
        context.print("the report is in " + RunReports.write(work.out(), List.of(), context::print));
    }

    private List<Evaluation> evaluations(
            PreparedEntrant entrant, ClusterProvider.Session running, Work work, Optional<String> master) {
        RunContext shared = context.run().with(new SharedSession(running));
        List<Evaluation> evaluations = new ArrayList<>();
        for (PreparedEntrant.Run run : entrant.runs()) {
            context.print(entrant.name() + ", seed " + run.seed() + ":");
            RunService service =
                    new RunService(shared, master, work.cancellation(), new RoundProfile(System::nanoTime));
            evaluations.add(stoppable(
                    work, () -> entrant.train(run, service).orElseGet(() -> evaluate(entrant, run, running, work))));
        }
        return evaluations;
    }

    private Evaluation evaluate(
            PreparedEntrant entrant, PreparedEntrant.Run run, ClusterProvider.Session running, Work work) {
        context.print("evaluating " + run.folder());
        return work.cancellation().runCancellable(() -> entrant.evaluate(run, running));
    }

    /**
     * Trains and evaluates one entrant with one seed.
     *
     * @throws StoppedException if the comparison was cancelled; its message names the command that resumes it
     */
    private Evaluation stoppable(Work work, Supplier<Evaluation> one) {
        try {
            Evaluation evaluation = one.get();
            if (!work.cancellation().isCancelled()) {
                return evaluation;
            }
        } catch (Exception e) {
            RuntimeException failure = UncheckedExceptions.unchecked(e);
            if (!work.cancellation().isCancelled()) {
                throw failure;
            }
        }
        throw new StoppedException(
                ExitCode.STOPPED,
                work.cancellation().reason() + " stopped the comparison in " + work.out()
                        + "; the same command with --out " + work.out() + " resumes it");
    }

    private static PerTaskResults tasks(Evaluation evaluation) {
        return evaluation.tasks().orElseThrow();
    }
}
