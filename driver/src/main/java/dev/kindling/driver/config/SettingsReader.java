package dev.kindling.driver.config;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import dev.kindling.driver.aggregator.Clip;
import dev.kindling.driver.aggregator.FailurePolicy;
import dev.kindling.driver.check.reference.References;
import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.evaluation.GroupEvaluationSettings;
import dev.kindling.driver.evaluation.GroupEvaluationSettings.Baseline;
import dev.kindling.driver.evaluation.SplitNames;
import dev.kindling.driver.evaluation.ValidationSettings;
import dev.kindling.driver.metrics.MetricsWriter;
import dev.kindling.driver.metrics.TrackingSettings;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.driver.optimizer.ParameterGroup;
import dev.kindling.driver.plan.BackendSettings;
import dev.kindling.driver.plan.OuterStep;
import dev.kindling.driver.plan.PlanSettings;
import dev.kindling.driver.training.CheckpointSettings;
import dev.kindling.driver.training.RunSettings;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.algorithm.Algorithms;
import dev.kindling.job.algorithm.EnsembleAlgorithm;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.NetworkFile;
import dev.kindling.job.model.NetworkOptions;
import dev.kindling.job.optimizer.Coefficient;
import dev.kindling.job.optimizer.Coefficients;
import dev.kindling.job.optimizer.UpdateRule;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSourceProvider;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.fewshot.Augmentation;
import dev.kindling.job.task.fewshot.FewShotSettings;
import dev.kindling.job.task.fewshot.ImageFormat;
import dev.kindling.job.task.fewshot.SplitSettings;
import dev.kindling.job.task.fewshot.WaySettings;
import dev.kindling.job.task.regression.RegressionSettings;
import dev.kindling.job.task.sinusoid.DoubleRange;
import dev.kindling.job.task.sinusoid.SinusoidSettings;
import dev.kindling.job.task.table.GroupDraw;
import dev.kindling.job.task.table.SupportDraw;
import dev.kindling.job.task.table.TableFolds;
import dev.kindling.job.task.table.TableSettings;
import dev.kindling.job.task.table.TableSettings.GroupSplit;
import dev.kindling.job.task.table.TableTaskSettings;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Builds the settings records of all packages from a configuration; the records validate their values themselves. */
public final class SettingsReader {
    private static final int SINUSOID_EVALUATION_POINTS = 100;
    private static final String AUTO = "auto";
    private static final String PARAMETERS = "parameters";
    private static final String RATE_FACTOR = "learning-rate-factor";
    private static final String WEIGHT_DECAY = "weight-decay";

    private final ConfigReader keys;
    private final Optional<NetworkFile> network;
    private final org.apache.hadoop.conf.Configuration hadoop;

    SettingsReader(ConfigReader keys, Optional<NetworkFile> network, org.apache.hadoop.conf.Configuration hadoop) {
        this.keys = keys;
        this.network = network;
        this.hadoop = hadoop;
    }

    /** Whether tasks come from a table, whose columns are known only when it is prepared. */
    public static boolean isOfTable(JobConfig configuration) {
        return configuration.shown("task.source").equals(TableTaskSettings.SOURCE);
    }

    /**
     * Reads the settings of the tracking server of a configuration.
     *
     * @throws IllegalArgumentException if they are invalid
     */
    public static TrackingSettings tracking(JobConfig configuration) {
        return tracking(configuration.keys());
    }

    private static TrackingSettings tracking(ConfigReader keys) {
        return new TrackingSettings(keys.text("run.mlflow"), keys.text("run.mlflow-experiment"));
    }

    /**
     * Reads the settings of a configuration.
     *
     * @param hadoop resolves relative paths of data
     * @throws IllegalArgumentException at the first value that has a wrong type or is invalid
     */
    public static Settings read(JobConfig configuration, org.apache.hadoop.conf.Configuration hadoop) {
        return new SettingsReader(configuration.keys(), configuration.networkFile(), hadoop).settings();
    }

    /**
     * Reads the settings of the image set of a configuration, whichever task source it has.
     *
     * @param hadoop resolves relative paths
     * @throws IllegalArgumentException at the first value that has a wrong type or is invalid
     */
    public static FewShotSettings readImages(JobConfig configuration, org.apache.hadoop.conf.Configuration hadoop) {
        SettingsReader reader = new SettingsReader(configuration.keys(), configuration.networkFile(), hadoop);
        return reader.fewShot(reader.sizes(reader.keys.count("task.query"))).qualified(hadoop);
    }

    Settings settings() {
        EvaluationSettings evaluation = evaluation();
        Algorithm algorithm = EnsembleAlgorithm.of(
                Algorithms.named(keys.text("algorithm.name"), keys), keys.count(EnsembleAlgorithm.KEY));
        RunSettings run = run(algorithm, evaluation);
        OuterStep outer = outerStep(algorithm);
        return new Settings(
                run,
                checkpoints(),
                source(run, evaluation).together(run.tasksPerContribution()),
                isOfTable() ? Optional.of(table()) : Optional.empty(),
                plan(algorithm, evaluation),
                References.named(algorithm.name(), keys),
                failures(),
                outer.clip(),
                outer.optimizer(),
                validation(),
                evaluation,
                groups(),
                cluster());
    }

    private RunSettings run(Algorithm algorithm, EvaluationSettings evaluation) {
        int tasks = keys.count("task.meta-batch-size");
        int group = algorithm.tasksPerContribution(tasks);
        if (group > 1 && evaluation.split() == Split.TRAIN) {
            throw keys.refuse(
                    "evaluation.split", "val or test where several tasks make one contribution (reptile.islands)");
        }
        long rounds = keys.integer("run.rounds");
        if (rounds == 0 && !algorithm.fitsInitial()) {
            throw keys.refuse("run.rounds", "at least 1");
        }
        return new RunSettings(
                keys.integer("run.seed"),
                rounds,
                keys.integer("run.log-every"),
                MetricsWriter.Files.of(keys.bool("run.tensorboard")),
                tracking(keys),
                tasks,
                group,
                keys.duration("run.wall-time"),
                algorithm.members(),
                keys.count("run.min-training-groups"),
                keys.number("run.ema-decay"));
    }

    private CheckpointSettings checkpoints() {
        return new CheckpointSettings(keys.integer("run.checkpoint-every"), keys.count("run.checkpoint-keep"));
    }

    private ValidationSettings validation() {
        return new ValidationSettings(
                keys.integer("run.validate-every"),
                keys.count("run.patience"),
                validationMeasure(),
                tasks("validation.tasks"),
                keys.integer("evaluation.seed"));
    }

    private Validation.Measure validationMeasure() {
        if (keys.isKeyword("validation.measure", AUTO)) {
            return isOfTable() ? Validation.Measure.LOSS_OVER_ROWS : Validation.Measure.ACCURACY;
        }
        Validation.Measure measure = keys.choice("validation.measure", Validation.Measure.class);
        if (measure == Validation.Measure.LOSS_OVER_ROWS && !isOfTable()) {
            throw keys.refuse("validation.measure", "accuracy or loss where task.source is not table");
        }
        return measure;
    }

    private boolean isOfTable() {
        return keys.text("task.source").equals(TableTaskSettings.SOURCE);
    }

    /**
     * The description of the task source. Members of an ensemble are validated on folds of a table's training and validation
     * groups; a run without rounds validates nothing, so that its start is fitted to both.
     */
    private SourceDescription source(RunSettings run, EvaluationSettings evaluation) {
        if (!isOfTable() || (run.members() == 1 && run.rounds() > 0)) {
            return source();
        }
        if (evaluation.split() == Split.VALIDATE) {
            throw keys.refuse(
                    "evaluation.split",
                    "test or train where run.members is above 1 or run.rounds is 0: the model learns from the validation "
                            + "groups, too");
        }
        TableFolds folds = run.members() == 1 ? TableFolds.joined() : TableFolds.ofMembers(run.members(), run.seed());
        return folds.of(source());
    }

    private SourceDescription source() {
        String source = keys.text("task.source");
        return switch (source) {
            case "sinusoid" ->
                new SourceDescription(
                        source, sinusoid(sizes(SINUSOID_EVALUATION_POINTS)).toMap());
            case "regression" ->
                new SourceDescription(source, new RegressionSettings(sizes(keys.count("task.query"))).toMap());
            case "few-shot" ->
                new SourceDescription(
                        source,
                        fewShot(sizes(keys.count("task.query")))
                                .qualified(hadoop)
                                .toMap());
            case TableTaskSettings.SOURCE ->
                TableTaskSettings.description(
                        GroupDraw.parse(keys.text("table.draw")),
                        SupportDraw.parse(keys.text("table.support-draw")),
                        sizes(TableTaskSettings.ALL_ROWS));
            default -> registered(source);
        };
    }

    /** A task source that is registered by a provider: its keys as text, and the episode sizes. */
    private SourceDescription registered(String source) {
        TaskSourceProvider provider = TaskSources.providers().get(source);
        if (provider == null) {
            throw keys.refuse(
                    "task.source",
                    "one of " + String.join(", ", TaskSources.providers().keySet()));
        }
        SortedMap<String, String> settings = new TreeMap<>();
        EpisodeSizes sizes = sizes(keys.count("task.query"));
        sizes.requireSupport();
        sizes.putInto(settings);
        provider.defaults().keySet().forEach(key -> settings.put(key, KnownKeys.shown(keys.value(key))));
        return new SourceDescription(source, settings);
    }

    private EpisodeSizes sizes(int evaluationQuery) {
        return new EpisodeSizes(
                keys.intRange("task.support"),
                keys.count("task.query"),
                keys.intRange("evaluation.support"),
                keys.isKeyword("evaluation.query", "auto") ? evaluationQuery : keys.count("evaluation.query"));
    }

    private SinusoidSettings sinusoid(EpisodeSizes sizes) {
        return new SinusoidSettings(
                range("sinusoid.amplitude"),
                range("sinusoid.phase"),
                range("sinusoid.frequency"),
                range("sinusoid.input"),
                SinusoidSettings.Sign.parse(keys.text("sinusoid.sign")),
                SinusoidSettings.Side.parse(keys.text("sinusoid.side")),
                keys.count("sinusoid.pool"),
                keys.bool("sinusoid.oracle"),
                sizes);
    }

    private DoubleRange range(String key) {
        List<Double> ends = keys.doubleRange(key);
        return new DoubleRange(ends.get(0), ends.get(1));
    }

    private FewShotSettings fewShot(EpisodeSizes sizes) {
        boolean trainOnValidation = keys.bool(FewShotSettings.TRAIN_ON_VALIDATION);
        if (trainOnValidation && keys.integer("run.validate-every") > 0) {
            throw keys.refuse("run.validate-every", "0 with " + FewShotSettings.TRAIN_ON_VALIDATION + " = true");
        }
        if (trainOnValidation && split() == Split.VALIDATE) {
            throw keys.refuse(
                    "evaluation.split", "test or train with " + FewShotSettings.TRAIN_ON_VALIDATION + " = true");
        }
        return new FewShotSettings(
                keys.strings("few-shot.data"),
                imageSplit(),
                new WaySettings(keys.intRange("few-shot.ways"), keys.intRange("evaluation.ways")),
                FewShotSettings.ClassPool.parse(keys.text("few-shot.within")),
                keys.bool("few-shot.rotations"),
                trainOnValidation,
                new Augmentation(
                        keys.number(Augmentation.ROTATION),
                        keys.number(Augmentation.TRANSLATION),
                        keys.number(Augmentation.SCALING),
                        keys.number(Augmentation.SHEAR)),
                imageFormat(),
                keys.bytes("few-shot.memory"),
                sizes);
    }

    private SplitSettings imageSplit() {
        String key = SplitSettings.KEY;
        if (!(keys.value(key) instanceof ConfigObject object)) {
            return new SplitSettings.Named(keys.text(key));
        }
        if (!object.keySet().equals(Set.of("train", "validation", "seed"))) {
            throw keys.refuse(key, "a folder or an object of train, validation and seed");
        }
        // Keeps the full path of each key, which error messages contain.
        ConfigReader shares = new ConfigReader(object.atPath(key));
        return new SplitSettings.Shares(
                shares.number(SplitSettings.TRAIN),
                shares.number(SplitSettings.VALIDATION),
                shares.integer(SplitSettings.SEED));
    }

    private ImageFormat imageFormat() {
        int channels = keys.count("few-shot.channels");
        return new ImageFormat(
                keys.count("few-shot.image-size"),
                channels,
                keys.isKeyword("few-shot.polarity", "auto")
                        ? ImageFormat.Polarity.usual(channels)
                        : keys.choice("few-shot.polarity", ImageFormat.Polarity.class));
    }

    private TableSettings table() {
        return new TableSettings(
                        keys.text("table.path"),
                        keys.text("table.sql"),
                        keys.text("table.format"),
                        keys.texts("table.options"),
                        TableSettings.Target.parse(keys.text("table.task")),
                        keys.text("table.group"),
                        keys.text("table.label"),
                        keys.strings("table.features"),
                        keys.strings("table.categorical"),
                        keys.text("table.order"),
                        keys.text("table.weight"),
                        keys.text("table.offset"),
                        groupSplit(),
                        keys.integer("table.seed"),
                        keys.count("table.max-rows"),
                        keys.count("table.max-one-hot"),
                        keys.count("table.crossed-above"),
                        keys.bool("table.embedding"),
                        TableSettings.Stack.parse(keys.text("table.stack")),
                        keys.number("table.clip"))
                .qualified(hadoop);
    }

    private GroupSplit groupSplit() {
        String key = "table.split";
        if (keys.value(key).valueType() == ConfigValueType.STRING) {
            return new GroupSplit.Named(keys.text(key));
        }
        List<Double> fractions = keys.threeNumbers(
                key, "the fractions of training, validation and test groups, whose sum is 1, or the name of a column");
        return new GroupSplit.Fractions(fractions.get(0), fractions.get(1), fractions.get(2));
    }

    private PlanSettings plan(Algorithm algorithm, EvaluationSettings evaluation) {
        return new PlanSettings(
                model(),
                algorithm,
                new BackendSettings(
                        keys.text("backend.name"),
                        new CompileOptions(
                                keys.choice("backend.precision", Precision.class), keys.bytes("backend.memory"))),
                evaluation.steps(),
                evaluation.split());
    }

    private ModelSettings model() {
        ModelSettings model = new ModelSettings(
                keys.text("model.network"),
                keys.text("model.initializer"),
                keys.text("model.batch-norm"),
                new NetworkOptions(
                        keys.number("model.dropout"), keys.bool("model.layer-norm"), keys.bool("model.skip")),
                network);
        if (network.isEmpty() && !keys.text("model.network-hash").isEmpty()) {
            throw keys.refuse("model.network-hash", "empty where model.network is a preset");
        }
        return model;
    }

    private FailurePolicy failures() {
        return new FailurePolicy(
                FailurePolicy.Reaction.named(keys.text("task.on-failure")), keys.number("task.failure-limit"));
    }

    private OuterStep outerStep(Algorithm algorithm) {
        OuterStep configured = new OuterStep(
                Clip.of(keys.number("optimizer.clip-norm"), keys.number("optimizer.clip-value")), optimizer());
        return OuterStep.of(algorithm, configured, key -> Schedules.at(keys, key));
    }

    private OptimizerSettings optimizer() {
        UpdateRule rule = keys.choice("optimizer.name", UpdateRule.class);
        Coefficients coefficients = rule.defaults();
        for (Coefficient coefficient : Coefficient.values()) {
            String key = "optimizer." + coefficient.key();
            if (!keys.isKeyword(key, AUTO)) {
                if (!rule.uses(coefficient)) {
                    throw keys.refuse(key, "auto where optimizer.name is " + keys.text("optimizer.name"));
                }
                coefficients = coefficients.with(coefficient, keys.number(key));
            }
        }
        return new OptimizerSettings(
                rule,
                Schedules.at(keys, "optimizer.learning-rate"),
                coefficients,
                keys.isKeyword("optimizer.weight-decay", AUTO)
                        ? rule.defaultWeightDecay()
                        : keys.number("optimizer.weight-decay"),
                parameterGroups());
    }

    private List<ParameterGroup> parameterGroups() {
        String key = ParameterGroup.KEY;
        String allowed = "a list of objects of parameters (a pattern or a list of patterns) with learning-rate-factor, "
                + "weight-decay or both";
        if (!(keys.value(key) instanceof ConfigList list)) {
            throw keys.refuse(key, allowed);
        }
        List<ParameterGroup> groups = new ArrayList<>();
        for (ConfigValue element : list) {
            if (!(element instanceof ConfigObject object)
                    || !object.containsKey(PARAMETERS)
                    || object.size() < 2
                    || !Set.of(PARAMETERS, RATE_FACTOR, WEIGHT_DECAY).containsAll(object.keySet())) {
                throw keys.refuse(key, allowed);
            }
            ConfigReader group = new ConfigReader(object.toConfig());
            groups.add(new ParameterGroup(
                    group.strings(PARAMETERS),
                    object.containsKey(RATE_FACTOR) ? group.number(RATE_FACTOR) : 1,
                    object.containsKey(WEIGHT_DECAY)
                            ? OptionalDouble.of(group.number(WEIGHT_DECAY))
                            : OptionalDouble.empty()));
        }
        return groups;
    }

    private EvaluationSettings evaluation() {
        return new EvaluationSettings(
                tasks("evaluation.tasks"),
                keys.count("evaluation.steps"),
                split(),
                keys.integer("evaluation.seed"),
                EvaluationSettings.Detail.of(keys.bool("evaluation.per-task")));
    }

    private GroupEvaluationSettings groups() {
        String rows = GroupEvaluationSettings.SUPPORT_ROWS;
        String baselines = GroupEvaluationSettings.BASELINES;
        try {
            return new GroupEvaluationSettings(
                    keys.isKeyword(rows, AUTO)
                            ? Optional.empty()
                            : Optional.of(keys.strings(rows).stream()
                                    .map(Integer::valueOf)
                                    .toList()),
                    keys.strings(baselines).stream().map(this::baseline).toList());
        } catch (NumberFormatException e) {
            throw keys.refuse(rows, "auto or a list of ascending integers, such as [0, 1, 5]");
        }
    }

    private Baseline baseline(String name) {
        return Arrays.stream(Baseline.values())
                .filter(baseline -> baseline.key().equals(name))
                .findFirst()
                .orElseThrow(
                        () -> keys.refuse(GroupEvaluationSettings.BASELINES, "a list of some of " + Baseline.keys()));
    }

    private int tasks(String key) {
        return keys.isKeyword(key, "all") ? EvaluationSettings.ALL_TASKS : keys.count(key);
    }

    private ClusterSettings cluster() {
        return new ClusterSettings(
                ClusterSettings.Mode.of(keys.text("cluster.mode")),
                keys.count("cluster.workers"),
                keys.duration("cluster.executor-timeout"),
                keys.count("cluster.port"),
                ClusterSettings.Authentication.of(keys.bool("cluster.require-authentication")));
    }

    private Split split() {
        return SplitNames.named(keys.text("evaluation.split"))
                .orElseThrow(() -> keys.refuse("evaluation.split", "train, val or test"));
    }
}
