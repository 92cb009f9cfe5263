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
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The {@code evaluate} command: adapts a run's model to held-out tasks and replaces {@code evaluation.json}. */
@Command(
        name = "evaluate",
        description = "Adapts the model of the run in --out to held-out tasks and replaces evaluation.json.")
final class EvaluateCommand implements Callable<Integer> {
    private final CommandContext context;

    @Mixin
    private CommonOptions options = new CommonOptions();

    EvaluateCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        Optional<String> master = options.master();
        String place = options.out()
                .orElseThrow(() -> new IllegalArgumentException("--out is missing; it must be the directory of a run"));
        RunDirectory directory = RunDirectory.open(place, HadoopSettings.load());
        ResolvedRun resolved = ResolvedRun.of(options.configuration(directory), master);
        StoredModel model = directory.readModel();
        TrainingPlan plan = resolved.plan();
        refuseAnotherModel(place, model, plan);
        refuseOtherData(directory, model, resolved);
        FlatVector theta = model.theta().flat(plan.parameters(), plan.precision());
        resolved.source().notes().forEach(context::say);
        context.clusters().warnings(master).forEach(context::say);
        if (!model.manifest().finished()) {
            context.say("the model is unfinished: its run ended after "
                    + model.manifest().rounds() + " rounds");
        }
        EvaluatedModel evaluated = new EvaluatedModel(
                resolved.configuration().decidingJson(),
                resolved.provenance(),
                model.manifest().rounds(),
                model.thetaHash());
        evaluate(resolved, directory, theta, evaluated, master);
        context.say("the evaluation is in " + directory.folder().place("evaluation.json"));
        return ExitCode.DONE.number();
    }

    /** Refuses {@code --conf} and {@code --set} that change the layout of θ. */
    private void refuseAnotherModel(String place, StoredModel model, TrainingPlan plan) {
        boolean overridden = options.conf().isPresent() || !options.set().isEmpty();
        if (overridden && !model.theta().layout().equals(plan.parameters())) {
            throw new IllegalArgumentException(
                    "--conf and --set ask for another model, with the parameters " + plan.parameters() + "; the run in "
                            + place + " has " + model.theta().layout());
        }
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
            ResolvedRun resolved,
            RunDirectory directory,
            FlatVector theta,
            EvaluatedModel evaluated,
            Optional<String> master) {
        TrainingPlan plan = resolved.plan();
        Evaluator evaluator = resolved.evaluator();
        String name = directory.folder().name() + " (evaluation)";
        try (ClusterProvider.Session running = context.clusters().start(name, master);
                Cluster cluster =
                        running.cluster(plan.job(), resolved.settings().cluster())) {
            Evaluation trained = evaluator.evaluate(cluster, theta);
            directory.writeEvaluation(trained.json(evaluated), trained.tasks().map(PerTaskParquet::encode));
            FlatVector untrained = plan.untrained(resolved.settings().run().seed(), resolved.source());
            EvaluationTable.lines(trained, evaluator.evaluate(cluster, untrained))
                    .forEach(context::say);
        }
    }
}
