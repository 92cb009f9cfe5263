package dev.kindling.driver.run;

import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.ParameterAveragingJob;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.cluster.spark.SparkVersion;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.NetworkFiles;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.evaluation.Evaluator;
import dev.kindling.driver.evaluation.GroupEvaluation;
import dev.kindling.driver.evaluation.Protocol;
import dev.kindling.driver.evaluation.ValidationSettings;
import dev.kindling.driver.evaluation.baseline.BaselineParameters;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.training.RunSettings;
import dev.kindling.driver.training.Validator;
import dev.kindling.job.algorithm.EnsembleAlgorithm;
import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.model.Deeplearning4jLibrary;
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
import dev.kindling.job.task.fewshot.FixedEpisodeSource;
import dev.kindling.job.task.fewshot.SplitSettings;
import dev.kindling.job.task.table.TableSource;
import dev.kindling.job.task.table.TableTaskSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

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
    private static final String TABLE = "table.path";

    /** The settings of a run whose model is the start that its method fits to training tasks. */
    private static final Map<String, ?> START_ONLY =
            Map.of("run.rounds", 0, "run.validate-every", 0, EnsembleAlgorithm.KEY, 1);

    /**
     * Resolves a configuration for rounds on a master. If executors run in other processes, the backend need not be
     * available in this JVM.
     */
    public static ResolvedRun of(JobConfig configuration, Optional<String> master) {
        return of(configuration, master, ClusterProvider.spark().tables(master));
    }

    /** As {@link #of(JobConfig, Optional)}, with another way to prepare a table. */
    static ResolvedRun of(JobConfig configuration, Optional<String> master, TablePreparation tables) {
        return onMaster(
                master,
                SparkApplication.runsHere(master) ? here(configuration, tables) : elsewhere(configuration, tables));
    }

    /** Checks that a resolved run can run on a master. */
    private static ResolvedRun onMaster(Optional<String> master, ResolvedRun resolved) {
        SparkApplication.requireDevices(
                master, resolved.settings().plan().backend().name());
        SparkApplication.security(master).require(resolved.settings().cluster().authentication());
        return resolved;
    }

    /**
     * Resolves a configuration for an evaluation on given episodes instead of drawn ones; the run's data is not read.
     *
     * @param episodes a folder or a JSON list of episodes on any Hadoop file system
     * @throws IllegalArgumentException also if tasks have no images, or the method does not accept the episodes' numbers of
     *     classes
     */
    public static ResolvedRun onEpisodes(JobConfig given, String episodes, Optional<String> master) {
        Read read = Read.of(given);
        Settings settings = read.settings();
        if (SparkApplication.runsHere(master)) {
            Backends.named(settings.plan().backend().name());
        }
        SourceDescription description = FixedEpisodeSource.describe(settings.source(), episodes, read.hadoop());
        TaskSource source = TaskSources.open(description, read.hadoop());
        int tasks = source.single().tasks(Split.TEST).orElseThrow();
        Settings fixed = settings.onFixedEpisodes(description, tasks);
        TrainingPlan plan = TrainingPlan.of(fixed.plan(), description, source);
        return onMaster(master, new ResolvedRun(read.configuration(), read.hadoop(), fixed, source, plan));
    }

    /** The given episodes; empty if tasks are drawn. */
    private Optional<FixedEpisodeSource> fixedEpisodes() {
        return source.single() instanceof FixedEpisodeSource fixed ? Optional.of(fixed) : Optional.empty();
    }

    /**
     * Resolves a configuration for computing in this JVM; BackendUnavailableException if its backend cannot run here.
     */
    public static ResolvedRun here(JobConfig configuration) {
        return here(configuration, ClusterProvider.spark().tables(Optional.empty()));
    }

    /** As {@link #here(JobConfig)}, with another way to prepare a table. */
    public static ResolvedRun here(JobConfig configuration, TablePreparation tables) {
        ResolvedRun resolved = elsewhere(configuration, tables);
        Backends.named(resolved.settings().plan().backend().name());
        return resolved;
    }

    /** Resolves a configuration for executors in other processes; the backend need not be available in this JVM. */
    public static ResolvedRun elsewhere(JobConfig given, TablePreparation tables) {
        Read read = Read.of(given);
        SourceDescription description =
                TablePacks.description(read.settings(), read.configuration(), read.hadoop(), tables);
        TaskSource source = TaskSources.open(description, read.hadoop());
        return isTooSmall(read, source)
                ? of(read.with(START_ONLY), TableTaskSettings.fromMap(description.settings()))
                : of(read, description, source);
    }

    /** The settings that {@link #elsewhere} gives a run of too small a table to train on. */
    static JobConfig startOnly(JobConfig configuration) {
        return configuration.with(START_ONLY);
    }

    /**
     * Whether a new run has too few groups to train on, so that the start that is fitted to them is better. The settings of an
     * existing run stay as they are, whatever other table it is evaluated on.
     */
    private static boolean isTooSmall(Read read, TaskSource source) {
        RunSettings run = read.settings().run();
        return run.rounds() > 0
                && read.settings().plan().algorithm().fitsInitial()
                && source.single() instanceof TableSource table
                && table.joinedGroups() < run.leastGroups()
                && read.configuration()
                        .runFolder()
                        .filter(folder -> RunDirectory.isIn(AtomicDirectory.at(folder, read.hadoop())))
                        .isEmpty();
    }

    private static ResolvedRun of(Read read, TableTaskSettings prepared) {
        SourceDescription description =
                TableTaskSettings.prepared(read.settings().source(), prepared.pack());
        return of(read, description, TaskSources.open(description, read.hadoop()));
    }

    private static ResolvedRun of(Read read, SourceDescription description, TaskSource source) {
        Settings settings = read.settings().withSource(description).limitedTo(source);
        TrainingPlan plan = plan(settings, source);
        settings.optimizer().requireMatches(plan.parameters());
        return new ResolvedRun(absolute(read.configuration(), settings), read.hadoop(), settings, source, plan);
    }

    /** A configuration with its network file and its settings, before its data is opened. */
    private record Read(JobConfig configuration, org.apache.hadoop.conf.Configuration hadoop, Settings settings) {
        static Read of(JobConfig given) {
            org.apache.hadoop.conf.Configuration hadoop = HadoopSettings.load();
            JobConfig configuration = NetworkFiles.attach(given, hadoop);
            Settings settings = SettingsReader.read(configuration, hadoop);
            Backends.refuseUnknown(settings.plan().backend().name());
            return new Read(configuration, hadoop, settings);
        }

        /** The same with other values of some keys. */
        Read with(Map<String, ?> values) {
            JobConfig changed = configuration.with(values);
            return new Read(changed, hadoop, SettingsReader.read(changed, hadoop));
        }
    }

    private static TrainingPlan plan(Settings settings, TaskSource source) {
        TrainingPlan plan = TrainingPlan.of(settings.plan(), settings.source(), source);
        return settings.validation().isOn() ? plan.validating(validationSteps(settings)) : plan;
    }

    /** The inner steps of a validation: those configured for the algorithm, even if its training does not use them. */
    private static int validationSteps(Settings settings) {
        return settings.plan().algorithm().inner().map(InnerSettings::steps).orElse(0);
    }

    /** Makes data paths absolute: the stored configuration must be valid in any working directory. */
    private static JobConfig absolute(JobConfig configuration, Settings settings) {
        SourceDescription source = settings.source();
        return source.settings().containsKey(DATA)
                ? configuration.with(paths(FewShotSettings.fromMap(source.settings())))
                : settings.table()
                        .map(table -> configuration.with(Map.of(TABLE, table.path())))
                        .orElse(configuration);
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
        String key = "transfer.engine is dl4j-spark";
        SparkVersion.requireDeeplearning4j(key);
        Deeplearning4jLibrary.require(key);
        String engine = key + ", ";
        if (settings.cluster().mode() != ClusterSettings.Mode.JOBS) {
            throw new IllegalArgumentException(engine
                    + "whose Spark jobs need the slots that persistent workers occupy; cluster.mode must be jobs");
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

    /** The shapes of a task of the evaluation program; of the largest if they differ. */
    public EpisodeLayout episode() {
        return source.layout(settings.plan().evaluationSplit());
    }

    /** Deletes the prepared table of a configuration without a run folder; this run must not be used any more. */
    public void deleteTemporaryTable() {
        if (configuration.runFolder().isEmpty() && source.single() instanceof TableSource) {
            TablePacks.delete(
                    TableTaskSettings.fromMap(settings.source().settings()).pack(), hadoop);
        }
    }

    /** The encoding of the table that tasks come from, for {@code table.json} of a model; empty for other sources. */
    public Optional<String> tableEncoding() {
        return source.single() instanceof TableSource table ? Optional.of(table.encoding()) : Optional.empty();
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

    /** Why the model will not be evaluated, a clause; empty if it will be. */
    public Optional<String> evaluationNote() {
        return settings.evaluation().isOn()
                ? Optional.empty()
                : Optional.of("the model is not evaluated: " + noTasks());
    }

    /** Remarks on the data and on what follows from its size, a clause each. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>(source.notes());
        int least = settings.run().leastGroups();
        if (settings.run().rounds() == 0
                && source.single() instanceof TableSource table
                && table.joinedGroups() < least) {
            notes.add("the table has " + table.joinedGroups() + " training and validation groups, fewer than "
                    + "run.min-training-groups = " + least + ": the start that is fitted to them is the model");
        }
        return notes;
    }

    /** Why there is no evaluation. */
    private String noTasks() {
        return source.single() instanceof TableSource table
                        && table.tasks(settings.evaluation().split()).orElse(1) == 0
                ? table.noGroups(settings.evaluation().split())
                : "evaluation.tasks is 0";
    }

    /** Evaluates θ after the training; empty if there are no tasks for it. */
    public Optional<Evaluator> evaluatorIfOn() {
        return settings.evaluation().isOn()
                ? Optional.of(evaluator(
                        source,
                        settings.evaluation(),
                        TrainingPlan.EVALUATE,
                        plan.evaluationMeasures(),
                        groupEvaluations().map(groups -> groups::evaluate)))
                : Optional.empty();
    }

    /**
     * Evaluates θ.
     *
     * @throws BadDataException if there are no tasks for an evaluation
     */
    public Evaluator evaluator() {
        requireEvaluated();
        return evaluatorIfOn().orElseThrow();
    }

    /**
     * Refuses a run without tasks for an evaluation.
     *
     * @throws BadDataException if there are none
     */
    void requireEvaluated() {
        if (!settings.evaluation().isOn()) {
            throw new BadDataException("the model cannot be evaluated: " + noTasks());
        }
    }

    /** Evaluates θ on validation tasks during training; empty if validation is off. */
    public Optional<Validator> validator() {
        ValidationSettings validation = settings.validation();
        if (!validation.isOn()) {
            return Optional.empty();
        }
        List<Evaluator> evaluators = new ArrayList<>();
        for (int member = 0; member < plan.algorithm().members(); member++) {
            TaskSource tasks = source.member(member);
            EvaluationSettings limited =
                    validation.limitedTo(tasks.tasks(Split.VALIDATE)).evaluation(validationSteps(settings));
            evaluators.add(
                    evaluator(tasks, limited, TrainingPlan.VALIDATE, plan.validationMeasures(), Optional.empty()));
        }
        return Optional.of(new Validator(validation, evaluators));
    }

    /** Baselines fitted to the training groups of the table that tasks come from; empty for other sources. */
    public Optional<BaselineParameters> baselines() {
        return source.single() instanceof TableSource table
                ? Optional.of(
                        BaselineParameters.fit(table, settings.evaluation().seed()))
                : Optional.empty();
    }

    /** The evaluation by group; empty unless tasks are groups of a table and it is configured. */
    Optional<GroupEvaluations> groupEvaluations() {
        return settings.groups().isOn() && source.single() instanceof TableSource table
                ? Optional.of(new GroupEvaluations(this, table))
                : Optional.empty();
    }

    private Evaluator evaluator(
            TaskSource tasks,
            EvaluationSettings evaluation,
            String program,
            Layout measures,
            Optional<Function<FlatVector, GroupEvaluation>> byGroup) {
        int order = switch (plan.algorithm().claim()) {
            case EXACT -> 2;
            case FIRST_ORDER -> 1;
            case IMPLICIT, DELTA, NOTHING -> 0;
        };
        Protocol protocol = Protocol.of(
                settings.source().source(),
                evaluation,
                tasks.layouts(evaluation.split()),
                tasks.padding(evaluation.split()),
                Optional.ofNullable(settings.source().settings().get(WITHIN)),
                settings.plan().model().batchNorm(),
                order);
        Protocol ofEpisodes = fixedEpisodes()
                .map(fixed -> protocol.onFixedEpisodes(fixed.place(), fixed.shots(), fixed.queries()))
                .orElse(protocol);
        return new Evaluator(evaluation, ofEpisodes, tasks, program, measures, byGroup);
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
