package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.config.ConfigDiff;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.evaluation.EvaluatedModel;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.Evaluator;
import dev.kindling.driver.evaluation.PerTaskParquet;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.run.ClusterProvider;
import dev.kindling.driver.run.DataHashCheck;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.KeptSession;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code evaluate} command: adapts a run's model to held-out tasks and replaces {@code evaluation.json}. */
@Command(
        name = "evaluate",
        description = "Adapts the model of the run in --out to held-out tasks, or to given episodes, and replaces "
                + "evaluation.json.")
final class EvaluateCommand implements Callable<Integer> {
    private final CommandContext context;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(
            names = "--episodes",
            paramLabel = "PATH",
            description = "Evaluates on given episodes of images instead of drawn tasks: a folder of "
                    + "<episode>/support/<class>/<image> and <episode>/query/<class>/<image>, or a JSON list.")
    private @Nullable String episodes;

    EvaluateCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        try (KeptSession platform = new KeptSession(context.clusters(), "kindling evaluation")) {
            return evaluate(platform);
        }
    }

    private int evaluate(ClusterProvider clusters) {
        Optional<String> master = options.master();
        String place = options.out()
                .orElseThrow(() -> new IllegalArgumentException("--out is missing; it must be the directory of a run"));
        RunDirectory directory = RunDirectory.open(place, HadoopSettings.load());
        JobConfig configuration = options.configuration(directory);
        ResolvedRun resolved = episodes == null
                ? clusters.resolve(configuration, master)
                : ResolvedRun.onEpisodes(configuration, episodes, master);
        StoredModel model = directory.readModel();
        TrainingPlan plan = resolved.plan();
        options.refuseAnotherModel(place, model, plan.parameters());
        if (episodes == null) {
            refuseOtherData(directory, model, resolved);
        }
        FlatVector theta = model.theta().flat(plan.parameters(), plan.precision());
        resolved.source().notes().forEach(context::print);
        clusters.warnings(master).forEach(context::print);
        if (!model.manifest().finished()) {
            context.print("the model is unfinished: its run ended after "
                    + model.manifest().rounds() + " rounds");
        }
        EvaluatedModel evaluated = new EvaluatedModel(
                resolved.configuration().resultSettingsJson(),
                resolved.provenance(),
                model.manifest().rounds(),
                model.thetaHash());
        evaluate(clusters, resolved, directory, theta, evaluated);
        context.print("the evaluation is in " + directory.folder().place("evaluation.json"));
        return ExitCode.DONE.number();
    }

    /** Refuses data that has changed since training, unless the configuration now names other data. */
    private static void refuseOtherData(RunDirectory directory, StoredModel model, ResolvedRun resolved) {
        JobConfig was = JobConfig.parse(
                directory.folder().child("model").place("manifest.json"),
                model.manifest().provenance().configuration().toString(),
                List.of());
        if (ConfigDiff.between(was, resolved.configuration()).ofData().isEmpty()) {
            DataHashCheck.refuseOther(model.manifest().provenance(), resolved, directory.folder());
        }
    }

    private void evaluate(
            ClusterProvider clusters,
            ResolvedRun resolved,
            RunDirectory directory,
            FlatVector theta,
            EvaluatedModel evaluated) {
        TrainingPlan plan = resolved.plan();
        Evaluator evaluator = resolved.evaluator();
        String name = directory.folder().name() + " (evaluation)";
        try (ClusterProvider.Session running = clusters.start(name, options.master());
                Cluster cluster =
                        running.cluster(plan.job(), resolved.settings().cluster())) {
            Evaluation trained = evaluator.evaluateModel(cluster, theta);
            directory.writeEvaluation(
                    trained.json(evaluated), trained.tasks().map(PerTaskParquet::encode), trained.groupsParquet());
            FlatVector untrained = plan.untrained(resolved.settings().run().seed(), resolved.source());
            EvaluationTable.lines(trained, evaluator.evaluateBaseline(cluster, untrained))
                    .forEach(context::print);
            EvaluationTable.episodes(trained).forEach(context::print);
            trained.groups().map(GroupTable::lines).ifPresent(lines -> lines.forEach(context::print));
        }
    }
}
