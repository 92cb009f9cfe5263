package dev.kindling.driver.run;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.config.ConfigDiff;
import dev.kindling.driver.config.EntrantConfig;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.evaluation.EntrantScores;
import dev.kindling.driver.evaluation.EntrantSummary;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.GroupEvaluationSettings;
import dev.kindling.driver.evaluation.MeanPredictorBaseline;
import dev.kindling.driver.evaluation.Protocol;
import dev.kindling.driver.evaluation.TaskSetFingerprint;
import dev.kindling.driver.metrics.LossWindow;
import dev.kindling.driver.metrics.MetricsReader;
import dev.kindling.driver.metrics.RunStatus;
import dev.kindling.driver.metrics.StatusFile;
import dev.kindling.driver.metrics.TrainingCost;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.report.ModelProbe;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.training.TrainingLoop;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * An entrant of a comparison with its validated configuration, opened data and training plan.
 *
 * @param origin the job, or the folder of the run, as the comparison file names it
 * @param prepared the configuration with the first seed; for an existing run, its evaluation
 * @param source whether its models are trained in the comparison
 * @param runs one for each seed
 */
public record PreparedEntrant(String name, String origin, ResolvedRun prepared, Source source, List<Run> runs) {
    /** Whether an entrant's models are trained in the comparison or loaded from an existing run. */
    public enum Source {
        TRAINED,
        LOADED
    }

    /** One training of an entrant. */
    public record Run(long seed, AtomicDirectory folder) {}

    /** The number of windows over which a training's losses are averaged. */
    private static final int WINDOWS = 10;

    private static final int FLOAT_BYTES = 4;
    private static final int DOUBLE_BYTES = 8;

    /** Comparisons are paired by task, so they need the results of each task. */
    private static final Map<String, Boolean> PER_TASK = Map.of("evaluation.per-task", true);

    /**
     * Resolves an entrant's configuration and the folders of its runs.
     *
     * @param seeds the number of trainings of a job, with consecutive seeds from {@code run.seed}
     * @param out the comparison's folder
     * @param clusters resolves configurations
     * @param master the value of {@code --master}
     * @throws IllegalArgumentException if the configuration is invalid, or a folder of its runs holds another run
     */
    public static PreparedEntrant of(
            EntrantConfig entrant, int seeds, AtomicDirectory out, ClusterProvider clusters, Optional<String> master) {
        return entrant instanceof EntrantConfig.OfJob job
                ? ofJob(job, seeds, out, clusters, master)
                : ofRun((EntrantConfig.OfRun) entrant, clusters, master);
    }

    private static PreparedEntrant ofJob(
            EntrantConfig.OfJob job,
            int seeds,
            AtomicDirectory out,
            ClusterProvider clusters,
            Optional<String> master) {
        ResolvedRun prepared = clusters.resolve(job.configuration().with(PER_TASK), master);
        prepared.requireEvaluated();
        long first = prepared.settings().run().seed();
        List<Run> runs = LongStream.range(first, first + seeds)
                .mapToObj(seed -> new Run(seed, out.child(job.name() + "-" + seed)))
                .toList();
        PreparedEntrant entrant = new PreparedEntrant(job.name(), job.job(), prepared, Source.TRAINED, runs);
        runs.forEach(entrant::refuseAnotherRun);
        return entrant;
    }

    private static PreparedEntrant ofRun(EntrantConfig.OfRun run, ClusterProvider clusters, Optional<String> master) {
        AtomicDirectory folder = AtomicDirectory.at(run.run(), HadoopSettings.load());
        if (!RunDirectory.isIn(folder)) {
            throw new BadDataException(
                    "compare.runs has " + run.run() + ", which is neither the name of a job nor the folder of a run");
        }
        RunDirectory directory = RunDirectory.open(folder);
        JobConfig stored = StoredConfiguration.load(directory, run.set());
        ResolvedRun prepared = clusters.resolve(stored.with(PER_TASK), master);
        prepared.requireEvaluated();
        DataHashCheck.refuseOther(directory.readModel().manifest().provenance(), prepared, directory.folder());
        long seed = prepared.settings().run().seed();
        return new PreparedEntrant(
                run.name(), run.run(), prepared, Source.LOADED, List.of(new Run(seed, directory.folder())));
    }

    private void refuseAnotherRun(Run run) {
        if (RunDirectory.isIn(run.folder())) {
            ConfigDiff diff = differences(run).withoutRunLength();
            if (!diff.isEmpty()) {
                throw new IllegalArgumentException("the run in " + run.folder()
                        + " was begun with another configuration: " + diff
                        + "; undo these changes, or compare in another folder");
            }
        }
    }

    /** The differences between an existing run's training configuration and the requested one, without evaluation. */
    private ConfigDiff differences(Run run) {
        JobConfig was = StoredConfiguration.load(RunDirectory.open(run.folder()), List.of());
        return ConfigDiff.between(was, requested(run)).ofTraining();
    }

    private JobConfig requested(Run run) {
        return prepared.configuration().with(Map.of("run.seed", run.seed()));
    }

    /** Refuses an entrant that is evaluated on other tasks than this one. */
    public void refuseOtherTasks(PreparedEntrant other) {
        other.tasks().difference(other.name, tasks(), name).ifPresent(clause -> {
            throw new IllegalArgumentException(
                    "the entrants do not meet the same test tasks: " + clause + "; it must be the same for all");
        });
        Optional<List<Integer>> support = prepared.groupEvaluations().map(GroupEvaluations::supportRows);
        Optional<List<Integer>> otherSupport = other.prepared.groupEvaluations().map(GroupEvaluations::supportRows);
        if (!support.equals(otherSupport)) {
            throw new IllegalArgumentException("the entrants are not evaluated with the same numbers of support rows: "
                    + GroupEvaluationSettings.SUPPORT_ROWS + " is "
                    + otherSupport.orElse(List.of()) + " for " + other.name + " and "
                    + support.orElse(List.of()) + " for " + name + "; it must be the same for all");
        }
    }

    /** Refuses fits on tasks that the task source cannot produce. */
    public void refuseUnknownFits(List<String> changes) {
        if (!changes.isEmpty()) {
            TaskSources.open(ModelProbe.changed(prepared.settings().source(), changes), prepared.hadoop());
        }
    }

    /** The scores of the mean-predictor baseline; IllegalArgumentException if the test tasks do not have one. */
    public static EntrantScores meanTask(List<PreparedEntrant> entrants) {
        return entrants.stream()
                .map(each -> MeanPredictorBaseline.table(
                        each.prepared.source(), each.prepared.settings().evaluation()))
                .flatMap(Optional::stream)
                .findFirst()
                .map(results -> new EntrantScores(MeanPredictorBaseline.NAME, List.of(results)))
                .orElseThrow(
                        () -> new IllegalArgumentException(
                                "compare.baselines has " + MeanPredictorBaseline.NAME
                                        + ", but the test tasks are classifications or differ in their query inputs; it must be empty then"));
    }

    private TaskSetFingerprint tasks() {
        return TaskSetFingerprint.of(
                prepared.settings().source(),
                prepared.source(),
                prepared.settings().evaluation());
    }

    /**
     * Begins or resumes a run's training.
     *
     * @return the evaluation at its end; empty if the run was finished already
     */
    public Optional<Evaluation> train(Run run, RunService service) {
        if (source == Source.LOADED) {
            return Optional.empty();
        }
        if (!RunDirectory.isIn(run.folder())) {
            return service.begin(requested(run), run.folder()).trained();
        }
        if (isFinished(run)) {
            return Optional.empty();
        }
        return service.resume(run.folder(), directory -> StoredConfiguration.requested(requested(run), directory))
                .flatMap(TrainingLoop.Result::trained);
    }

    private boolean isFinished(Run run) {
        return StatusFile.stateIn(run.folder())
                        .filter(RunStatus.State.DONE::equals)
                        .isPresent()
                && differences(run).isEmpty();
    }

    /** Evaluates a trained run. */
    public Evaluation evaluate(Run run, ClusterProvider.Session running) {
        TrainingPlan plan = prepared.plan();
        StoredModel model = RunDirectory.open(run.folder()).readModel();
        DataHashCheck.refuseOther(model.manifest().provenance(), prepared, run.folder());
        FlatVector theta = model.theta().flat(plan.parameters(), plan.precision());
        try (Cluster cluster = running.cluster(plan.job(), prepared.settings().cluster())) {
            return prepared.evaluator().evaluateModel(cluster, theta);
        }
    }

    /**
     * Summarises the entrant's algorithm, parameter count and training costs for the comparison's report.
     *
     * @param protocol the protocol of its evaluation
     * @param out the comparison's folder
     */
    public EntrantSummary summary(Protocol protocol, AtomicDirectory out) {
        TrainingPlan plan = prepared.plan();
        int numbers = plan.parameters().size();
        return new EntrantSummary(
                name,
                origin,
                plan.algorithm().name(),
                protocol.batchNorm(),
                protocol.order(),
                numbers,
                (long) numbers * (plan.precision() == Precision.DOUBLE ? DOUBLE_BYTES : FLOAT_BYTES),
                runs.stream().map(run -> run(run, out)).toList());
    }

    private EntrantSummary.Run run(Run run, AtomicDirectory out) {
        MetricsReader metrics = MetricsReader.in(run.folder());
        long rounds = Math.max((long) metrics.last("round"), modelRounds(run));
        boolean inside =
                run.folder().toString().equals(out.child(run.folder().name()).toString());
        return new EntrantSummary.Run(
                run.seed(),
                inside ? run.folder().name() : run.folder().toString(),
                TrainingCost.of(metrics, rounds, prepared.settings().run().allTasksPerRound()),
                LossWindow.of(metrics, rounds, WINDOWS));
    }

    private static long modelRounds(Run run) {
        return RunDirectory.open(run.folder()).readModel().manifest().rounds();
    }
}
