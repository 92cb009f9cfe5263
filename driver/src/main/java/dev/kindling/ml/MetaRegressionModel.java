package dev.kindling.ml;

import dev.kindling.TablePredictor;
import dev.kindling.driver.table.ColumnExpressions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** A regression model that {@link MetaRegressor} has trained. */
public final class MetaRegressionModel extends MetaModel<MetaRegressionModel> implements RegressionParams {
    private static final long serialVersionUID = 1L;

    /** A model without training, into which a reader puts one. */
    public MetaRegressionModel() {
        this(Identifiable.randomUID("metaRegressionModel"));
    }

    /** A model without training and with a given uid. */
    public MetaRegressionModel(String uid) {
        super(uid);
    }

    /** Reads a model that was saved. */
    public static MLReader<MetaRegressionModel> read() {
        return new ModelFiles.Reader<>();
    }

    /** Reads the model at a path. */
    public static MetaRegressionModel load(String path) {
        return read().load(path);
    }

    @Override
    MetaRegressionModel self() {
        return this;
    }

    @Override
    MetaRegressionModel newModel() {
        return new MetaRegressionModel(uid());
    }

    /** Sets {@link #stddevCol}. */
    public MetaRegressionModel setStddevCol(String column) {
        return with(stddevCol(), column);
    }

    /** The columns that are added: a prediction, and a standard deviation where the method predicts variances. */
    @Override
    Map<Param<String>, DataType> added(StructType schema) {
        Map<Param<String>, DataType> added = new LinkedHashMap<>();
        added.put(predictionCol(), DataTypes.DoubleType);
        if (hasStddev()) {
            added.put(stddevCol(), DataTypes.DoubleType);
        }
        return added;
    }

    private boolean hasStddev() {
        return trained().model().predictsVariances()
                && !getOrDefault(stddevCol()).isEmpty();
    }

    @Override
    Optional<DataType> labelCast() {
        return Optional.empty();
    }

    @Override
    TablePredictor withColumns(TablePredictor any) {
        return any.columns(getOrDefault(predictionCol()), hasStddev() ? getOrDefault(stddevCol()) : "", "", "");
    }

    @Override
    List<Column> outputs() {
        List<Column> outputs = new ArrayList<>();
        added(new StructType()).keySet().forEach(param -> outputs.add(ColumnExpressions.column(getOrDefault(param))));
        return outputs;
    }
}
