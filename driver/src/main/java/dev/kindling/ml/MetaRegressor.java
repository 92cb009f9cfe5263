package dev.kindling.ml;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** An estimator that meta-trains a regression on a table whose groups of rows are tasks. */
public final class MetaRegressor extends MetaEstimator<MetaRegressor, MetaRegressionModel> implements RegressionParams {
    private static final long serialVersionUID = 1L;

    /** An estimator with a uid of its own. */
    public MetaRegressor() {
        this(Identifiable.randomUID("metaRegressor"));
    }

    /** An estimator with a given uid. */
    public MetaRegressor(String uid) {
        super(uid);
        setDefault(stddevCol(), "stddev");
    }

    /** Reads an estimator that was saved. */
    public static MLReader<MetaRegressor> read() {
        return new DefaultParamsReader<>();
    }

    /** Reads the estimator at a path. */
    public static MetaRegressor load(String path) {
        return read().load(path);
    }

    @Override
    MetaRegressor self() {
        return this;
    }

    @Override
    String target() {
        return "regression";
    }

    @Override
    Map<Param<String>, DataType> added(StructType schema) {
        Map<Param<String>, DataType> added = new LinkedHashMap<>();
        added.put(predictionCol(), DataTypes.DoubleType);
        if (getOrDefault(method()).equals(MetaDefaults.METHOD)
                && !getOrDefault(stddevCol()).isEmpty()) {
            added.put(stddevCol(), DataTypes.DoubleType);
        }
        return added;
    }

    @Override
    MetaRegressionModel newModel() {
        return new MetaRegressionModel(uid());
    }

    /** Sets {@link #offsetCol}. */
    public MetaRegressor setOffsetCol(String column) {
        return with(offsetCol(), column);
    }

    /** Sets {@link #stddevCol}. */
    public MetaRegressor setStddevCol(String column) {
        return with(stddevCol(), column);
    }
}
