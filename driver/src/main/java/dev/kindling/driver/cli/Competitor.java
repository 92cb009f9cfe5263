package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.Folder;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.config.Configuration;
import dev.kindling.driver.config.Differences;
import dev.kindling.driver.config.Entrant;
import dev.kindling.driver.evaluation.Contestant;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.MeanTask;
import dev.kindling.driver.evaluation.Protocol;
import dev.kindling.driver.evaluation.Scores;
import dev.kindling.driver.evaluation.TestTasks;
import dev.kindling.driver.loop.Training;
import dev.kindling.driver.metrics.LossWindow;
import dev.kindling.driver.metrics.MetricsFile;
import dev.kindling.driver.metrics.RunStatus;
import dev.kindling.driver.metrics.StatusFile;
import dev.kindling.driver.metrics.TrainingCost;
import dev.kindling.driver.plan.Plan;
import dev.kindling.driver.report.Workbench;
import dev.kindling.job.task.BadDataException;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * An entrant of a comparison, its data at hand and its plan made: what can be refused has been refused.
 *
 * @param prepared with the first seed; of a run, how it is to be evaluated
 * @param source where its models come from
 * @param runs one for each seed
 */
record Competitor(String name, String origin, Prepared prepared, Source source, List<Run> runs) {
    /** Where an entrant's models come from. */
    enum Source {
        TRAINED_HERE,
        TAKEN_AS_IT_IS
    }

    /** One training of it. */
    record Run(long seed, Folder folder) {}

    /** Stretches into which the losses of a training are divided. */
    private static final int WINDOWS = 10;

    private static final int FLOAT_BYTES = 4;
    private static final int DOUBLE_BYTES = 8;

    /** Each task by itself is what comparisons are made of. */
    private static final Map<String, Boolean> EACH_TASK = Map.of("evaluation.per-task", true);

    /**
     * Makes an entrant ready.
     *
     * @param out the comparison's folder
     * @throws IllegalArgumentException if it makes no sense, or a folder of its runs holds another run
     */
    static Competitor of(Entrant entrant, int seeds, Folder out, Optional<String> master) {
        return entrant instanceof Entrant.OfJob job
                ? ofJob(job, seeds, out, master)
                : ofRun((Entrant.OfRun) entrant, master);
    }

    private static Competitor ofJob(Entrant.OfJob job, int seeds, Folder out, Optional<String> master) {
        Prepared prepared = Prepared.of(job.configuration().with(EACH_TASK), master);
        long first = prepared.settings().run().seed();
        List<Run> runs = LongStream.range(first, first + seeds)
                .mapToObj(seed -> new Run(seed, out.child(job.name() + "-" + seed)))
                .toList();
        Competitor competitor = new Competitor(job.name(), job.job(), prepared, Source.TRAINED_HERE, runs);
        runs.forEach(competitor::refuseAnotherRun);
        return competitor;
    }

    private static Competitor ofRun(Entrant.OfRun run, Optional<String> master) {
        Folder folder = Folder.at(run.run(), HadoopSettings.load());
        if (!RunDirectory.isIn(folder)) {
            throw new BadDataException(
                    "compare.runs has " + run.run() + ", which is neither the name of a job nor the folder of a run");
        }
        RunDirectory directory = RunDirectory.open(folder);
        Configuration own = RunConfiguration.own(directory, run.set());
        Prepared prepared = Prepared.of(own.with(EACH_TASK), master);
        DataHash.refuseOther(directory.readModel().manifest().provenance(), prepared, directory.folder());
        long seed = prepared.settings().run().seed();
        return new Competitor(
                run.name(), run.run(), prepared, Source.TAKEN_AS_IT_IS, List.of(new Run(seed, directory.folder())));
    }

    private void refuseAnotherRun(Run run) {
        if (RunDirectory.isIn(run.folder())) {
            Differences differences = differences(run).butRounds();
            if (!differences.isEmpty()) {
                throw new IllegalArgumentException("the run in " + run.folder()
                        + " was begun under another configuration: " + differences
                        + "; take back what differs, or compare in another folder");
            }
        }
    }

    /** In what a run that is there is not what is asked for, its evaluation left aside. */
    private Differences differences(Run run) {
        Configuration was = RunConfiguration.own(RunDirectory.open(run.folder()), List.of());
        return Differences.between(was, asked(run)).ofTraining();
    }

    private Configuration asked(Run run) {
        return prepared.configuration().with(Map.of("run.seed", run.seed()));
    }

    /** Refuses an entrant that meets other tasks than this one. */
    void refuseOtherTasks(Competitor other) {
        other.tasks().difference(other.name, tasks(), name).ifPresent(clause -> {
            throw new IllegalArgumentException(
                    "the entrants do not meet the same test tasks: " + clause + "; it must be the same for all");
        });
    }

    /** Refuses fits on tasks that the source does not have. */
    void refuseUnknownFits(List<String> changes) {
        if (!changes.isEmpty()) {
            TaskSources.open(Workbench.changed(prepared.settings().source(), changes), prepared.hadoop());
        }
    }

    /** How the mean task does on the test tasks; IllegalArgumentException if they have none. */
    static Scores meanTask(List<Competitor> competitors) {
        return competitors.stream()
                .map(each -> MeanTask.table(
                        each.prepared.source(), each.prepared.settings().evaluation()))
                .flatMap(Optional::stream)
                .findFirst()
                .map(table -> new Scores(MeanTask.NAME, List.of(table)))
                .orElseThrow(
                        () -> new IllegalArgumentException(
                                "compare.baselines has " + MeanTask.NAME
                                        + ", but the test tasks have classes or are not asked at the same inputs; it must be empty then"));
    }

    private TestTasks tasks() {
        return TestTasks.of(
                prepared.settings().source(),
                prepared.source(),
                prepared.settings().evaluation());
    }

    /**
     * Trains a run, or goes on with it.
     *
     * @return the evaluation at its end; empty where it had been trained before
     */
    Optional<Evaluation> train(Run run, Trainer trainer) {
        if (source == Source.TAKEN_AS_IT_IS) {
            return Optional.empty();
        }
        if (!RunDirectory.isIn(run.folder())) {
            return Optional.of(trainer.begin(Prepared.of(asked(run), trainer.master()), run.folder())
                    .trained());
        }
        if (isFinished(run)) {
            return Optional.empty();
        }
        return trainer.goOn(run.folder(), directory -> RunConfiguration.asked(asked(run), directory))
                .map(Training.Result::trained);
    }

    private boolean isFinished(Run run) {
        return StatusFile.stateIn(run.folder())
                        .filter(RunStatus.State.DONE::equals)
                        .isPresent()
                && differences(run).isEmpty();
    }

    /** Evaluates a trained run. */
    Evaluation evaluate(Run run, Platform.Running running) {
        Plan plan = prepared.plan();
        StoredModel model = RunDirectory.open(run.folder()).readModel();
        DataHash.refuseOther(model.manifest().provenance(), prepared, run.folder());
        Storage theta = model.theta().flat(plan.parameters(), plan.precision());
        try (Cluster cluster = running.cluster(plan.job(), prepared.settings().cluster())) {
            return prepared.evaluator().evaluate(cluster, theta);
        }
    }

    /**
     * What a comparison says of it beside its scores.
     *
     * @param protocol of its evaluation
     * @param out the comparison's folder
     */
    Contestant contestant(Protocol protocol, Folder out) {
        Plan plan = prepared.plan();
        int numbers = plan.parameters().size();
        return new Contestant(
                name,
                origin,
                plan.algorithm().name(),
                protocol.batchNorm(),
                protocol.order(),
                numbers,
                (long) numbers * (plan.precision() == Precision.DOUBLE ? DOUBLE_BYTES : FLOAT_BYTES),
                runs.stream().map(run -> run(run, out)).toList());
    }

    private Contestant.Run run(Run run, Folder out) {
        MetricsFile metrics = MetricsFile.in(run.folder());
        long rounds = Math.max((long) metrics.last("round"), made(run));
        boolean inside =
                run.folder().toString().equals(out.child(run.folder().name()).toString());
        return new Contestant.Run(
                run.seed(),
                inside ? run.folder().name() : run.folder().toString(),
                TrainingCost.of(metrics, rounds, prepared.settings().run().tasksPerRound()),
                LossWindow.of(metrics, rounds, WINDOWS));
    }

    private static long made(Run run) {
        return RunDirectory.open(run.folder()).readModel().manifest().rounds();
    }
}
