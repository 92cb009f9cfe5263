package dev.kindling.ml;

import dev.kindling.TrainedModel;
import java.util.Map;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/**
 * Meta-trains a model on a table whose groups of rows are tasks, on the executors of the table's session.
 *
 * @param <E> the estimator's own type
 * @param <M> its model's type
 */
public abstract class MetaEstimator<E extends MetaEstimator<E, M>, M extends MetaModel<M>> extends Estimator<M>
        implements MetaParams, MLWritable {
    private static final long serialVersionUID = 1L;

    private final String uid;
    private final MetaParamSet paramSet;

    MetaEstimator(String uid) {
        this.uid = uid;
        this.paramSet = new MetaParamSet(this);
        setDefault(labelCol(), "label");
        setDefault(predictionCol(), "prediction");
        setDefault(method(), MetaDefaults.METHOD);
        setDefault(maxRounds(), MetaDefaults.ROUNDS);
        setDefault(tasksPerRound(), MetaDefaults.TASKS);
        setDefault(members(), MetaDefaults.MEMBERS);
        setDefault(seed(), MetaDefaults.SEED);
        setDefault(categoricalCols(), new String[0]);
        setDefault(settings(), new String[0]);
    }

    @Override
    public final String uid() {
        return uid;
    }

    @Override
    public final MetaParamSet paramSet() {
        return paramSet;
    }

    /** This estimator. */
    abstract E self();

    /** A model without parameters or a trained model. */
    abstract M newModel();

    /** Sets a parameter and returns this estimator. */
    final <T> E with(Param<T> param, T value) {
        set(param, value);
        return self();
    }

    /**
     * Meta-trains on the rows with a label. The training ends with the slots of the executors free again.
     *
     * @throws IllegalArgumentException if parameters or columns cannot be used
     * @throws dev.kindling.job.error.BadDataException if the table cannot be read or cannot be learned from
     * @throws dev.kindling.driver.error.DivergedException if training diverged
     * @throws dev.kindling.driver.error.ClusterException if the cluster failed
     */
    @Override
    public M fit(Dataset<?> dataset) {
        InstalledVersion.requireOne(Thread.currentThread().getContextClassLoader());
        TableInput.requireComplete(dataset, "fit needs a stored table");
        new TableInput(this, paramSet).requireTraining(dataset.schema());
        TrainingRecord rounds = new TrainingRecord();
        TrainedModel trained = new TableTraining(this, paramSet, target()).fit(dataset, rounds);
        M model = newModel();
        model.trained(new ModelFiles.Trained(trained, rounds));
        fitted(model, dataset.schema());
        return copyValues(model, ParamMap.empty()).setParent(this);
    }

    /** {@code regression} or {@code classification}. */
    abstract String target();

    /** Sets what a model must know of the table that it was trained on. */
    void fitted(M model, StructType schema) {}

    @Override
    public StructType transformSchema(StructType schema) {
        TableInput input = new TableInput(this, paramSet);
        input.requireTraining(schema);
        return TableInput.with(this, schema, added(schema));
    }

    /** The columns that a model adds to a table, by parameter. */
    abstract Map<Param<String>, DataType> added(StructType schema);

    @Override
    public E copy(ParamMap extra) {
        return defaultCopy(extra);
    }

    @Override
    public MLWriter write() {
        return new DefaultParamsWriter(this);
    }

    /** Sets {@link #groupCol}. */
    public final E setGroupCol(String column) {
        return with(groupCol(), column);
    }

    /** Sets {@link #featuresCols}. */
    public final E setFeaturesCols(String[] columns) {
        return with(featuresCols(), columns.clone());
    }

    /** Sets {@link #featuresCol}. */
    public final E setFeaturesCol(String column) {
        return with(featuresCol(), column);
    }

    /** Sets {@link #categoricalCols}. */
    public final E setCategoricalCols(String[] columns) {
        return with(categoricalCols(), columns.clone());
    }

    /** Sets {@link #labelCol}. */
    public final E setLabelCol(String column) {
        return with(labelCol(), column);
    }

    /** Sets {@link #weightCol}. */
    public final E setWeightCol(String column) {
        return with(weightCol(), column);
    }

    /** Sets {@link #orderCol}. */
    public final E setOrderCol(String column) {
        return with(orderCol(), column);
    }

    /** Sets {@link #supportCol}. */
    public final E setSupportCol(String column) {
        return with(supportCol(), column);
    }

    /** Sets {@link #validationIndicatorCol}. */
    public final E setValidationIndicatorCol(String column) {
        return with(validationIndicatorCol(), column);
    }

    /** Sets {@link #predictionCol}. */
    public final E setPredictionCol(String column) {
        return with(predictionCol(), column);
    }

    /** Sets {@link #method}. */
    public final E setMethod(String name) {
        return with(method(), name);
    }

    /** Sets {@link #maxRounds}. */
    public final E setMaxRounds(int rounds) {
        return with(maxRounds(), (Object) rounds);
    }

    /** Sets {@link #tasksPerRound}. */
    public final E setTasksPerRound(int tasks) {
        return with(tasksPerRound(), (Object) tasks);
    }

    /** Sets {@link #members}. */
    public final E setMembers(int models) {
        return with(members(), (Object) models);
    }

    /** Sets {@link #seed}. */
    public final E setSeed(long value) {
        return with(seed(), (Object) value);
    }

    /** Sets {@link #settings}. */
    public final E setSettings(String[] keysAndValues) {
        return with(settings(), keysAndValues.clone());
    }
}
