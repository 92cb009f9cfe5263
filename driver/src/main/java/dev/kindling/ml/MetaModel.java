package dev.kindling.ml;

import dev.kindling.TablePredictor;
import dev.kindling.TrainedModel;
import dev.kindling.driver.table.ColumnExpressions;
import dev.kindling.driver.transform.AdaptedColumns;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * A model that was meta-trained on a table: adapts to the labelled rows of each group and predicts the others.
 *
 * @param <M> the model's own type
 */
public abstract class MetaModel<M extends MetaModel<M>> extends Model<M> implements MetaParams, MLWritable {
    private static final long serialVersionUID = 1L;

    /** Bytes of a model in memory beside its parameters, roughly. */
    private static final long OVERHEAD = 1 << 20;

    private static final String PREDICTIONS = "predictions";
    private static final String ADAPTED = "adapted";
    private static final String FROM_ADAPTED = "predictionsFromAdapted";
    private static final String METRICS = "metrics";
    private static final String SUMMARY = "summary";

    private final String uid;
    private final MetaParamSet paramSet;
    private final Param<String> output;

    /** What was trained; null until it is set. */
    private transient ModelFiles.@Nullable Trained trained;

    private transient @Nullable TablePredictor predictor;

    MetaModel(String uid) {
        this.uid = uid;
        this.paramSet = new MetaParamSet(this);
        this.output = new Param<>(
                this,
                "output",
                "what transform returns: predictions; adapted, what adapt returns; predictionsFromAdapted, what predict returns for "
                        + "rows and adapted parameters in one table; metrics, what evaluate returns; or summary. Spark Connect "
                        + "calls no method of a model but transform",
                ParamValidators.inArray(List.of(PREDICTIONS, ADAPTED, FROM_ADAPTED, METRICS, SUMMARY)));
        setDefault(output, PREDICTIONS);
    }

    @Override
    public final String uid() {
        return uid;
    }

    @Override
    public final MetaParamSet paramSet() {
        return paramSet;
    }

    /** What {@link #transform} returns. */
    public final Param<String> output() {
        return output;
    }

    /** This model. */
    abstract M self();

    /** A model of the same uid without parameters or a trained model. */
    abstract M newModel();

    final ModelFiles.Trained trained() {
        ModelFiles.Trained found = trained;
        if (found == null) {
            throw new IllegalStateException(
                    "the model " + uid + " is not trained; an estimator's fit, or load, makes one that is");
        }
        return found;
    }

    final void trained(ModelFiles.Trained found) {
        trained = found;
        predictor = found.model().tablePredictor();
    }

    private TablePredictor predictor() {
        trained();
        return Objects.requireNonNull(predictor);
    }

    /** Sets a parameter and returns this model. */
    final <T> M with(Param<T> param, T value) {
        set(param, value);
        return self();
    }

    /** Sets {@link #supportCol}. */
    public final M setSupportCol(String column) {
        return with(supportCol(), column);
    }

    /** Sets {@link #predictionCol}. */
    public final M setPredictionCol(String column) {
        return with(predictionCol(), column);
    }

    /**
     * The table with predictions: each group's rows with a label adapt the model to it, and those without one are predicted; {@link
     * #supportCol} may decide otherwise. All columns are kept. Predictions are null for rows that the model is adapted to and for rows
     * that cannot be used. Lazy: one shuffle by group.
     *
     * @throws IllegalArgumentException if parameters or columns cannot be used
     */
    @Override
    public Dataset<Row> transform(Dataset<?> dataset) {
        trained();
        return switch (getOrDefault(output)) {
            case ADAPTED -> adapt(dataset);
            case FROM_ADAPTED -> predictAdapted(dataset.toDF());
            case METRICS -> evaluate(dataset);
            case SUMMARY -> summary();
            default -> predictions(dataset);
        };
    }

    private Dataset<Row> predictions(Dataset<?> dataset) {
        predicted(dataset.schema());
        PredictionTable table = labelled(dataset);
        return table.result(named(predictor()).predict(table.rows()).rows(), outputs());
    }

    /** A table with support rows of its own, all of which must have a label. */
    private PredictionTable labelled(Dataset<?> dataset) {
        TableInput input = new TableInput(this, paramSet);
        PredictionTable table = table(dataset);
        return input.name(supportCol())
                .map(support -> table.requiringLabels(support, input.required(groupCol()), getOrDefault(labelCol())))
                .orElse(table);
    }

    private PredictionTable table(Dataset<?> dataset) {
        return PredictionTable.of(
                dataset,
                new TableInput(this, paramSet),
                trained().model().inputColumns(),
                getOrDefault(labelCol()),
                labelCast());
    }

    /** The type of the label in training, if labels of other types must be cast. */
    abstract Optional<DataType> labelCast();

    private TablePredictor named(TablePredictor any) {
        TablePredictor supported = any.supportColumn(
                new TableInput(this, paramSet).name(supportCol()).orElse(""));
        return withColumns(supported);
    }

    /** The predictor with the names of the columns that {@link #outputs} reads. */
    abstract TablePredictor withColumns(TablePredictor any);

    /** The columns that are added to a table. */
    abstract List<Column> outputs();

    /**
     * Adapts the model to each group: a row for each with its key, {@code adaptedParameters}, {@code adaptedModel}, {@code
     * supportRows}, {@code lossBefore} and {@code lossAfter}. Rows of such a result that are in the table too hold what their groups
     * were adapted to before, and are updated. Lazy.
     *
     * @throws IllegalArgumentException if parameters or columns cannot be used
     */
    public Dataset<Row> adapt(Dataset<?> dataset) {
        new TableInput(this, paramSet).requirePrediction(dataset.schema());
        return named(predictor()).adapt(labelled(dataset).rows()).rows();
    }

    /**
     * The rows of a table with predictions from parameters that {@link #adapt} has returned, whatever the labels of the rows: those
     * of {@link #transform} if it adapted to the same rows. Lazy.
     *
     * @param adapted at most one row for each group; groups without one are predicted by the model as it was trained
     * @throws IllegalArgumentException if parameters or columns cannot be used
     */
    public Dataset<Row> predict(Dataset<?> adapted, Dataset<?> dataset) {
        served(dataset.schema());
        PredictionTable table = table(dataset);
        return table.result(
                named(predictor()).predict(adapted.toDF(), table.rows()).rows(), outputs());
    }

    private Dataset<Row> predictAdapted(Dataset<Row> both) {
        Column isAdapted = ColumnExpressions.column(AdaptedColumns.MODEL).isNotNull();
        return predict(
                both.filter(isAdapted),
                both.filter(functions.not(isAdapted)).drop(AdaptedColumns.NAMES.toArray(new String[0])));
    }

    /**
     * Errors on the groups of a table by the number of support rows, of the model and of baselines, as {@link
     * dev.kindling.TrainedModel#evaluate(Dataset)}. The first labelled rows of each group are support rows, by {@link #orderCol} if it
     * was set for training; {@link #supportCol} has no effect.
     *
     * @throws IllegalArgumentException if parameters or columns cannot be used
     * @throws dev.kindling.job.error.BadDataException if no group has two labelled rows
     */
    public Dataset<Row> evaluate(Dataset<?> dataset) {
        new TableInput(this, paramSet).require(dataset.schema());
        return trained().model().evaluate(table(dataset).rows());
    }

    /** The metrics of the rounds of the training: {@code round}, {@code metric} and {@code value}. */
    public Dataset<Row> summary() {
        return SparkSession.active().createDataFrame(trained().rounds().rows(), TrainingRecord.SCHEMA);
    }

    @Override
    public StructType transformSchema(StructType schema) {
        return switch (getOrDefault(output)) {
            case ADAPTED -> adapted(schema);
            case FROM_ADAPTED -> served(withoutAdapted(schema));
            case METRICS -> TrainedModel.evaluationSchema();
            case SUMMARY -> TrainingRecord.SCHEMA;
            default -> predicted(schema);
        };
    }

    private StructType adapted(StructType schema) {
        TableInput input = new TableInput(this, paramSet);
        input.requirePrediction(schema);
        return new StructType()
                .add(TableInput.find(schema, input.required(groupCol())).orElseThrow())
                .add(AdaptedColumns.PARAMETERS, DataTypes.createArrayType(DataTypes.FloatType, false))
                .add(AdaptedColumns.MODEL, DataTypes.StringType)
                .add(AdaptedColumns.SUPPORT_ROWS, DataTypes.IntegerType)
                .add(AdaptedColumns.LOSS_BEFORE, DataTypes.DoubleType)
                .add(AdaptedColumns.LOSS_AFTER, DataTypes.DoubleType);
    }

    private static StructType withoutAdapted(StructType schema) {
        StructType rows = new StructType();
        for (StructField field : schema.fields()) {
            rows = AdaptedColumns.NAMES.contains(field.name()) ? rows : rows.add(field);
        }
        return rows;
    }

    private StructType predicted(StructType schema) {
        new TableInput(this, paramSet).requirePrediction(schema);
        return served(schema);
    }

    /** The schema of a table that is predicted without support rows of its own. */
    private StructType served(StructType schema) {
        new TableInput(this, paramSet).require(schema);
        return TableInput.with(this, schema, added(schema));
    }

    /** The columns that are added to a table, by parameter. */
    abstract Map<Param<String>, DataType> added(StructType schema);

    @Override
    public M copy(ParamMap extra) {
        M copy = copyValues(newModel(), extra);
        if (trained != null) {
            copy.trained(trained);
        }
        return copy.setParent(parent());
    }

    @Override
    public MLWriter write() {
        return new ModelFiles.Writer(this);
    }

    /** The size of the model in memory in bytes, with which a Connect server of Spark 4 limits its cache. */
    public long estimatedSize() {
        return OVERHEAD
                + trained().model().parameters().values().stream()
                                .mapToLong(array -> array.length)
                                .sum()
                        * Double.BYTES;
    }
}
