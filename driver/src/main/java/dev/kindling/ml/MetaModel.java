package dev.kindling.ml;

import org.apache.spark.ml.Model;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * A model that was meta-trained on a table: adapts to the labelled rows of each group and predicts the others.
 *
 * @param <M> the model's own type
 */
public abstract class MetaModel<M extends MetaModel<M>> extends Model<M> implements MetaParams, MLWritable {
    private static final long serialVersionUID = 1L;

    private final String uid;
    private final MetaParamSet paramSet;
    private final Param<String> output;

    MetaModel(String uid) {
        this.uid = uid;
        this.paramSet = new MetaParamSet(this);
        this.output = new Param<>(
                this,
                "output",
                "what transform returns: predictions, adapted, predictionsFromAdapted, metrics or summary; for Spark "
                        + "Connect, which calls no other method of a model");
        setDefault(output, "predictions");
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

    @Override
    public Dataset<Row> transform(Dataset<?> dataset) {
        throw new UnsupportedOperationException();
    }

    /** A row for each group: its key, adapted parameters, number of support rows, and loss on them before and after. */
    public Dataset<Row> adapt(Dataset<?> dataset) {
        throw new UnsupportedOperationException();
    }

    /** The rows with predictions from parameters that {@link #adapt} returned. */
    public Dataset<Row> predict(Dataset<?> adapted, Dataset<?> dataset) {
        throw new UnsupportedOperationException();
    }

    /** Errors on the groups of a table by the number of rows that are shown, of the model and of baselines. */
    public Dataset<Row> evaluate(Dataset<?> dataset) {
        throw new UnsupportedOperationException();
    }

    /** The metrics of the rounds of the training. */
    public Dataset<Row> summary() {
        throw new UnsupportedOperationException();
    }

    @Override
    public StructType transformSchema(StructType schema) {
        throw new UnsupportedOperationException();
    }

    @Override
    public M copy(ParamMap extra) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MLWriter write() {
        throw new UnsupportedOperationException();
    }
}
