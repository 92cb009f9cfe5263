package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.config.Configuration;
import dev.kindling.driver.config.Differences;
import dev.kindling.driver.evaluation.EvaluatedModel;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.Evaluator;
import dev.kindling.driver.evaluation.TaskFile;
import dev.kindling.driver.plan.Plan;
import dev.kindling.job.tensor.Storage;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code evaluate}: adapts a run's model to held-out tasks and writes {@code evaluation.json} anew. */
@Command(
        name = "evaluate",
        description = "Adapts the model of the run in --out to held-out tasks and writes evaluation.json anew.")
final class EvaluateCommand implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private CommonOptions options = new CommonOptions();

    EvaluateCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        Optional<String> master = options.master();
        String place = options.out()
                .orElseThrow(() -> new IllegalArgumentException("--out is missing; it must be the directory of a run"));
        RunDirectory directory = RunDirectory.open(place, HadoopSettings.load());
        Prepared prepared = Prepared.of(RunConfiguration.asked(options, directory), master);
        StoredModel model = directory.readModel();
        Plan plan = prepared.plan();
        refuseAnotherModel(place, model, plan);
        refuseOtherData(directory, model, prepared);
        Storage theta = model.theta().flat(plan.parameters(), plan.precision());
        prepared.notes(master).forEach(around::say);
        if (!model.manifest().finished()) {
            around.say("the model is unfinished: its run ended after "
                    + model.manifest().rounds() + " rounds");
        }
        EvaluatedModel evaluated = new EvaluatedModel(
                prepared.configuration().decidingJson(),
                prepared.provenance(),
                model.manifest().rounds(),
                model.thetaHash());
        evaluate(prepared, directory, theta, evaluated, master);
        around.say("the evaluation is in " + directory.folder().place("evaluation.json"));
        return ExitCode.DONE.number();
    }

    /** What the user overrides may not ask for another θ than the run's. */
    private void refuseAnotherModel(String place, StoredModel model, Plan plan) {
        boolean overridden = options.conf().isPresent() || !options.set().isEmpty();
        if (overridden && !model.theta().layout().equals(plan.parameters())) {
            throw new IllegalArgumentException(
                    "--conf and --set ask for another model, with the parameters " + plan.parameters() + "; the run in "
                            + place + " has " + model.theta().layout());
        }
    }

    /** Refuses data that has changed under the model, unless other data was asked for. */
    private static void refuseOtherData(RunDirectory directory, StoredModel model, Prepared prepared) {
        Configuration was = Configuration.parse(
                directory.folder().child("model").place("manifest.json"),
                model.manifest().provenance().configuration().toString(),
                List.of());
        if (Differences.between(was, prepared.configuration()).ofData().isEmpty()) {
            DataHash.refuseOther(model.manifest().provenance(), prepared, directory.folder());
        }
    }

    private void evaluate(
            Prepared prepared,
            RunDirectory directory,
            Storage theta,
            EvaluatedModel evaluated,
            Optional<String> master) {
        Plan plan = prepared.plan();
        Evaluator evaluator = prepared.evaluator();
        String name = directory.folder().name() + " (evaluation)";
        try (Platform.Running running = around.platform().start(name, master);
                Cluster cluster =
                        running.cluster(plan.job(), prepared.settings().cluster())) {
            Evaluation trained = evaluator.evaluate(cluster, theta);
            directory.writeEvaluation(trained.json(evaluated), trained.tasks().map(TaskFile::encode));
            Storage untrained = plan.untrained(prepared.settings().run().seed());
            EvaluationTable.lines(trained, evaluator.evaluate(cluster, untrained))
                    .forEach(around::say);
        }
    }
}
