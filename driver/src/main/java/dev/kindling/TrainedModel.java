package dev.kindling;

import dev.kindling.driver.checkpoint.Manifest;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.evaluation.EvaluatedModel;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.GroupEvaluation;
import dev.kindling.driver.evaluation.GroupMeasure;
import dev.kindling.driver.evaluation.GroupProtocol;
import dev.kindling.driver.evaluation.GroupScores;
import dev.kindling.driver.evaluation.Interval;
import dev.kindling.driver.evaluation.baseline.BaselineParameters;
import dev.kindling.driver.export.ExportMetadata;
import dev.kindling.driver.export.OnnxExport;
import dev.kindling.driver.run.ClusterProvider;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.LoadedModel;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.driver.run.StoredConfiguration;
import dev.kindling.driver.run.TableEvaluation;
import dev.kindling.driver.serving.Predictor;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.table.TableView;
import dev.kindling.driver.training.NetworkDescription;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.table.TableEncodingJson;
import dev.kindling.job.task.table.TableSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * A meta-trained model: evaluates on held-out tasks, adapts to given examples, is saved and loaded. Immutable and thread-safe;
 * {@link #adapt} needs neither Spark nor the training data.
 */
public final class TrainedModel {
    /** The columns of an evaluation by group. */
    private static final StructType MEASURES = new StructType()
            .add("predictor", DataTypes.StringType, false)
            .add("supportRows", DataTypes.IntegerType, false)
            .add("measure", DataTypes.StringType, false)
            .add("value", DataTypes.DoubleType, false)
            .add("groupMean", DataTypes.DoubleType, false)
            .add("groupInterval", DataTypes.DoubleType, false)
            .add("groups", DataTypes.IntegerType, false)
            .add("rows", DataTypes.IntegerType, false);

    private static final String BASELINES = "baselines.json";

    private final JobConfig configuration;
    private final Settings settings;
    private final EpisodeLayout episode;
    private final Layout parameters;
    private final FlatVector theta;
    private final Manifest manifest;
    private final Optional<Evaluation> evaluation;
    private final Optional<String> table;
    private final Optional<BaselineParameters> baselines;
    private final Predictor predictor;

    private TrainedModel(
            JobConfig configuration,
            Settings settings,
            EpisodeLayout episode,
            Layout parameters,
            FlatVector theta,
            Manifest manifest,
            Optional<Evaluation> evaluation,
            Optional<String> table,
            Optional<BaselineParameters> baselines) {
        this.configuration = configuration;
        this.settings = settings;
        this.episode = episode;
        this.theta = theta;
        this.manifest = manifest;
        this.evaluation = evaluation;
        this.table = table;
        this.baselines = baselines;
        this.parameters = parameters;
        this.predictor = new Predictor(
                settings.plan(),
                parameters,
                theta,
                episode,
                settings.evaluation().steps());
    }

    static TrainedModel of(
            ResolvedRun resolved,
            FlatVector theta,
            long rounds,
            Optional<Evaluation> evaluation,
            Optional<BaselineParameters> baselines) {
        Provenance provenance = resolved.provenance();
        return new TrainedModel(
                resolved.configuration(),
                resolved.settings(),
                resolved.episode(),
                resolved.plan().parameters(),
                theta,
                new Manifest(provenance, rounds, true),
                evaluation,
                resolved.tableEncoding(),
                baselines);
    }

    /**
     * Loads a saved model, or the model of a run folder.
     *
     * @param place on any Hadoop file system
     * @throws dev.kindling.job.error.BadDataException if there is none, or it is damaged
     */
    public static TrainedModel load(String place) {
        RunDirectory directory = RunDirectory.open(place, HadoopSettings.load());
        StoredModel model = directory.readModel();
        JobConfig configuration = ProgramClusters.withAvailableBackend(StoredConfiguration.load(directory, List.of()));
        LoadedModel loaded = LoadedModel.of(model, directory, configuration);
        return new TrainedModel(
                configuration,
                loaded.settings(),
                loaded.episode(),
                loaded.parameters(),
                loaded.theta(),
                model.manifest(),
                Optional.empty(),
                model.table(),
                directory.folder().find(BASELINES).map(json -> BaselineParameters.read(json, place + "/" + BASELINES)));
    }

    /**
     * Writes the model as a folder that {@link #load} and {@code kindling evaluate --out} read.
     *
     * @param place a new or empty folder on any Hadoop file system
     * @throws IllegalArgumentException if the folder holds something
     */
    public void save(String place) {
        AtomicDirectory folder = AtomicDirectory.at(place, HadoopSettings.load());
        RunDirectory.refuseUnlessEmpty(folder);
        RunDirectory directory = RunDirectory.create(folder, configuration.rendered());
        configuration.networkFile().ifPresent(directory::keepNetwork);
        String hash = directory.writeModel(
                manifest,
                parameters,
                theta,
                NetworkDescription.json(settings.plan().model(), episode, parameters),
                table);
        baselines.ifPresent(fitted -> folder.replace(BASELINES, fitted.json()));
        evaluation.ifPresent(found -> directory.writeEvaluation(
                found.json(new EvaluatedModel(
                        configuration.resultSettingsJson(), manifest.provenance(), manifest.rounds(), hash)),
                Optional.empty(),
                Optional.empty()));
    }

    /** The evaluation at the end of the training; empty for a loaded model, and without {@code evaluation.tasks}. */
    public Optional<Evaluation> evaluation() {
        return evaluation;
    }

    /** Adapts to held-out tasks on the executors of a session that runs already; the data of the tasks must be at hand. */
    public Evaluation evaluate(SparkSession spark, int tasks) {
        return evaluate(ProgramClusters.attached(spark), tasks);
    }

    /** As {@link #evaluate(SparkSession, int)}, in this JVM, without Spark. */
    public Evaluation evaluate(int tasks) {
        return evaluate(ProgramClusters.local(), tasks);
    }

    private Evaluation evaluate(ClusterProvider clusters, int tasks) {
        ResolvedRun resolved =
                clusters.resolve(configuration.withChecked(Map.of("evaluation.tasks", tasks)), Optional.empty());
        try (ClusterProvider.Session session = clusters.start("kindling (evaluation)", Optional.empty());
                Cluster cluster = session.cluster(
                        resolved.plan().job(), resolved.settings().cluster())) {
            return resolved.evaluator().evaluateModel(cluster, theta);
        } finally {
            resolved.deleteTemporaryTable();
        }
    }

    /**
     * Evaluates a model of tables on the groups of another table, beside the baselines that were fitted to its training groups
     * ({@link MetaTrainer.Builder#baselines}): for several numbers of support rows, the first of each group, the errors on its other
     * rows (docs/tables.md). A row of the result is a measure of a {@code predictor} ({@code model} or a baseline) with {@code
     * supportRows}: its {@code value} over all rows, {@code groupMean} and {@code groupInterval}, half the width of the 95% interval,
     * over groups, and the numbers of evaluated {@code groups} and {@code rows}. Predictions are made on the driver's processors.
     *
     * @throws IllegalStateException if the model was not trained on a table
     * @throws dev.kindling.job.error.BadDataException if columns are missing, or no group has two labelled rows
     */
    public Dataset<Row> evaluate(Dataset<Row> rows) {
        if (table.isEmpty()) {
            throw notOfTables();
        }
        SparkSession session = rows.sparkSession();
        TableEvaluation byGroup = new TableEvaluation(configuration, theta, table.get(), baselines);
        try (TableView view = TableView.of(rows);
                ClusterProvider.Session running =
                        ProgramClusters.attached(session).start("kindling (evaluation)", Optional.empty())) {
            return session.createDataFrame(measures(byGroup.evaluate(view.query(), running.tables())), MEASURES);
        }
    }

    private static List<Row> measures(GroupEvaluation evaluation) {
        GroupProtocol protocol = evaluation.protocol();
        List<Row> rows = new ArrayList<>();
        for (GroupScores scores : evaluation.predictors()) {
            for (int k = 0; k < protocol.supportRows().size(); k++) {
                for (GroupMeasure measure : scores.measures()) {
                    Interval interval = scores.overGroups(measure, k);
                    rows.add(RowFactory.create(
                            scores.name(),
                            protocol.supportRows().get(k),
                            measure.key(),
                            scores.overRows(measure, k),
                            interval.mean(),
                            interval.ci95(),
                            protocol.groups(),
                            protocol.queries()));
                }
            }
        }
        return rows;
    }

    /** The columns of {@link #evaluate(Dataset)}. */
    public static StructType evaluationSchema() {
        return MEASURES;
    }

    /**
     * Adapts to a support set, with {@code evaluation.steps} inner steps.
     *
     * @param supportX inputs, row-major [examples, ...features]; images [examples, channels, height, width]
     * @param supportY targets, row-major [examples, outputs], or the classes 0, 1, ... [examples]
     * @throws IllegalArgumentException if the lengths do not fit the model, or a class is unknown to it
     */
    public AdaptedModel adapt(float[] supportX, float[] supportY) {
        return new AdaptedModel(
                this, predictor, predictor.adapt(AdaptedModel.doubles(supportX), AdaptedModel.doubles(supportY)));
    }

    /**
     * Adapts to a support set of any number of classes, for methods whose output layer has no fixed width, such as prototypical
     * networks and Proto-MAML. The classes may have different numbers of examples.
     *
     * @param supportX inputs, row-major [examples, ...features]
     * @param supportY the classes 0, 1, ... {@code classes} - 1 [examples]
     * @param classes number of classes
     * @throws IllegalArgumentException as {@link #adapt(float[], float[])}, or if the method learns an output layer for
     *     another number of classes
     */
    public AdaptedModel adapt(float[] supportX, float[] supportY, int classes) {
        Predictor ofClasses = predictor.withClasses(classes);
        return new AdaptedModel(
                this, ofClasses, ofClasses.adapt(AdaptedModel.doubles(supportX), AdaptedModel.doubles(supportY)));
    }

    /**
     * Writes the prediction of any task as an ONNX model in single precision, which takes the support set and the queries, in any
     * numbers, and contains the adaptation.
     *
     * @param place a new file on any Hadoop file system
     * @throws IllegalArgumentException if the file exists, or ONNX cannot express the method's prediction
     */
    public void exportOnnx(String place) {
        write(place, onnx(predictor).ofModel());
    }

    /** An export of a predictor of this model, for any numbers of rows. */
    OnnxExport onnx(Predictor ofTasks) {
        String network = NetworkDescription.json(settings.plan().model(), episode, parameters);
        return new OnnxExport(
                ofTasks.model(), OptionalInt.empty(), OptionalInt.empty(), ExportMetadata.of(manifest, network, table));
    }

    /** Writes a new file; IllegalArgumentException if it exists. */
    static void write(String place, byte[] content) {
        AtomicDirectory folder = AtomicDirectory.of(place, HadoopSettings.load());
        String name = new Path(place).getName();
        folder.refuseExisting("the file", List.of(name));
        folder.replace(name, content);
    }

    /**
     * A predictor of tables, for a model that was trained on one: it adapts the model to each group of rows.
     *
     * @throws IllegalStateException if the model was not trained on a table
     */
    public TablePredictor tablePredictor() {
        if (table.isEmpty()) {
            throw notOfTables();
        }
        return TablePredictor.of(settings, theta, episode, table);
    }

    private IllegalStateException notOfTables() {
        return new IllegalStateException("the model was trained on task.source = "
                + settings.source().source() + "; only a model of task.source = table predicts tables");
    }

    /** The input columns of a model of tables, as they were configured; empty for all columns or for other models. */
    public List<String> inputColumns() {
        return settings.table().map(TableSettings::features).orElse(List.of());
    }

    /** Whether the predictions of a model of tables have standard deviations. */
    public boolean predictsVariances() {
        return predictor.predictsVariances();
    }

    /** The names of the classes of a model of tables, in the order of its outputs; empty for a regression. */
    public List<String> classes() {
        return table.map(text -> TableEncodingJson.read(text, "table.json").classes())
                .orElse(List.of());
    }

    /** The settings that the model was trained with. */
    Settings settings() {
        return settings;
    }

    /** The shape of one input. */
    public int[] inputShape() {
        return episode.input().dims();
    }

    /** Outputs for one query: the width of a target, or the number of classes. */
    public int outputs() {
        return episode.outputs();
    }

    /** Rounds of training. */
    public long rounds() {
        return manifest.rounds();
    }

    /** A copy of the meta-parameters by name, row-major. */
    public SortedMap<String, double[]> parameters() {
        double[] numbers = theta.toDoubles();
        SortedMap<String, double[]> arrays = new TreeMap<>();
        for (Layout.Entry entry : parameters.entries()) {
            arrays.put(
                    entry.name(),
                    Arrays.copyOfRange(
                            numbers,
                            entry.offset(),
                            entry.offset() + entry.shape().size()));
        }
        return arrays;
    }

    /** Every key of the job and its value, as HOCON. */
    public String configuration() {
        return configuration.rendered();
    }
}
