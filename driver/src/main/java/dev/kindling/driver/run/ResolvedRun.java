package dev.kindling.driver.run;

import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.ParameterAveragingJob;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.NetworkFiles;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.evaluation.Evaluator;
import dev.kindling.driver.evaluation.Protocol;
import dev.kindling.driver.evaluation.ValidationSettings;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.training.Validator;
import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.model.Deeplearning4jZip;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.fewshot.FewShotSettings;
import dev.kindling.job.task.fewshot.SplitSettings;
import dev.kindling.job.tensor.Layout;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A validated configuration with its opened data and training plan. Resolving checks everything that can be checked
 * before Spark starts.
 */
public record ResolvedRun(
        JobConfig configuration,
        org.apache.hadoop.conf.Configuration hadoop,
        Settings settings,
        TaskSource source,
        TrainingPlan plan) {
    private static final String DATA = "few-shot.data";
    private static final String WITHIN = "few-shot.within";

    /**
     * Resolves a configuration for rounds on a master. If executors run in other processes, the backend need not be
     * available in this JVM.
     */
    public static ResolvedRun of(JobConfig configuration, Optional<String> master) {
        ResolvedRun resolved = SparkApplication.runsHere(master) ? here(configuration) : elsewhere(configuration);
        SparkApplication.requireDevices(
                master, resolved.settings().plan().backend().name());
        SparkApplication.security(master).require(resolved.settings().cluster().authentication());
        return resolved;
    }

    /**
     * Resolves a configuration for computing in this JVM; BackendUnavailableException if its backend cannot run here.
     */
    public static ResolvedRun here(JobConfig configuration) {
        ResolvedRun resolved = elsewhere(configuration);
        Backends.named(resolved.settings().plan().backend().name());
        return resolved;
    }

    /** Resolves a configuration for executors in other processes; the backend need not be available in this JVM. */
    public static ResolvedRun elsewhere(JobConfig given) {
        org.apache.hadoop.conf.Configuration hadoop = HadoopSettings.load();
        JobConfig configuration = NetworkFiles.attach(given, hadoop);
        Settings settings = SettingsReader.read(configuration, hadoop);
        Backends.refuseUnknown(settings.plan().backend().name());
        TaskSource source = TaskSources.open(settings.source(), hadoop);
        return new ResolvedRun(
                absolute(configuration, settings.source()), hadoop, settings, source, plan(settings, source));
    }

    private static TrainingPlan plan(Settings settings, TaskSource source) {
        TrainingPlan plan = TrainingPlan.of(settings.plan(), settings.source(), source);
        return settings.validation().isOn() ? plan.validating(adapting(settings)) : plan;
    }

    /** The inner steps of a validation: those configured for the algorithm, even if its training does not use them. */
    private static int adapting(Settings settings) {
        return settings.plan().algorithm().inner().map(InnerSettings::steps).orElse(0);
    }

    /** Makes data paths absolute: the stored configuration must be valid in any working directory. */
    private static JobConfig absolute(JobConfig configuration, SourceDescription source) {
        return source.settings().containsKey(DATA)
                ? configuration.with(paths(FewShotSettings.fromMap(source.settings())))
                : configuration;
    }

    private static SortedMap<String, Object> paths(FewShotSettings images) {
        SortedMap<String, Object> paths = new TreeMap<>();
        paths.put(DATA, images.data().size() == 1 ? images.data().get(0) : images.data());
        if (images.split() instanceof SplitSettings.Named named) {
            paths.put(SplitSettings.KEY, named.folder());
        }
        return paths;
    }

    /** The parameter-averaging job for Deeplearning4j; empty if the algorithm does not use it. */
    public Optional<ParameterAveragingJob> averagedRounds() {
        return plan.algorithm().averaging().map(how -> {
            ModelSettings model = settings.plan().model();
            EpisodeLayout layout = source.layout(Split.TRAIN);
            SortedMap<String, double[]> zeros = new TreeMap<>();
            plan.parameters()
                    .entries()
                    .forEach(entry ->
                            zeros.put(entry.name(), new double[entry.shape().size()]));
            byte[] network = Deeplearning4jZip.write(model, layout, zeros, plan.precision(), how.rate(), "");
            return new ParameterAveragingJob(TrainingPlan.TRAIN, how, network, plan.parameters(), source);
        });
    }

    /** Refuses configurations that Deeplearning4j's parameter averaging does not support. */
    public void requireTrainable() {
        if (plan.algorithm().averaging().isEmpty()) {
            return;
        }
        String engine = "transfer.engine is dl4j-spark, ";
        if (settings.cluster().mode() != ClusterSettings.Mode.JOBS) {
            throw new IllegalArgumentException(
                    engine + "whose Spark jobs need the slots that resident workers hold; cluster.mode must be jobs");
        }
        if (settings.plan().backend().name().equals("nd4j")) {
            throw new IllegalArgumentException(engine
                    + "which brings ND4J for processors to executors; backend.name must be vector, scalar or reference, or the "
                    + "engine rounds");
        }
        if (source.layouts(Split.TRAIN).size() > 1) {
            throw new IllegalArgumentException(
                    engine + "which takes mini-batches of one size; task.support and few-shot.ways must be numbers");
        }
        Model model = ModelFactory.of(settings.plan().model().withStatistics(), source.layout(Split.TRAIN));
        if (!model.runningStatistics().isEmpty() || model.random()) {
            throw new IllegalArgumentException(engine + "which has statistics and random numbers of its own; "
                    + "model.network must have neither batch norm nor dropout, or the engine be rounds");
        }
    }

    /** The shapes of an evaluation task; of the largest if they differ. */
    public EpisodeLayout episode() {
        return source.layout(settings.evaluation().split());
    }

    /** Opens the cluster for the rounds, with Deeplearning4j's parameter averaging if the algorithm uses it. */
    public Cluster cluster(ClusterProvider.Session running) {
        Cluster rounds = running.cluster(plan.job(), settings.cluster());
        try {
            return averagedRounds()
                    .map(averaged -> running.averaging(rounds, averaged))
                    .orElse(rounds);
        } catch (RuntimeException | Error e) {
            rounds.close();
            throw e;
        }
    }

    public Evaluator evaluator() {
        return evaluator(settings.evaluation(), TrainingPlan.EVALUATE, plan.evaluationMeasures());
    }

    /** Evaluates θ on validation tasks during training; empty if validation is off. */
    public Optional<Validator> validator() {
        ValidationSettings validation = settings.validation();
        if (!validation.isOn()) {
            return Optional.empty();
        }
        EvaluationSettings what = validation.evaluation(adapting(settings));
        return Optional.of(
                new Validator(validation, evaluator(what, TrainingPlan.VALIDATE, plan.validationMeasures())));
    }

    private Evaluator evaluator(EvaluationSettings evaluation, String program, Layout measures) {
        int order = switch (plan.algorithm().claim()) {
            case EXACT -> 2;
            case FIRST_ORDER -> 1;
            case IMPLICIT, DELTA, NOTHING -> 0;
        };
        Protocol protocol = Protocol.of(
                settings.source().source(),
                evaluation,
                source.layouts(evaluation.split()),
                Optional.ofNullable(settings.source().settings().get(WITHIN)),
                settings.plan().model().batchNorm(),
                order);
        return new Evaluator(evaluation, protocol, source, program, measures);
    }

    /** The provenance that manifests record for artifacts of this run. */
    public Provenance provenance() {
        return Provenance.here(
                configuration.json(),
                settings.run().seed(),
                plan.hash(),
                source.dataHash(),
                settings.plan().backend().name());
    }
}
