package dev.kindling.ml;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructType;

/** An estimator that meta-trains a classification on a table whose groups of rows are tasks. */
public final class MetaClassifier extends MetaEstimator<MetaClassifier, MetaClassificationModel>
        implements ClassificationParams {
    private static final long serialVersionUID = 1L;

    /** An estimator with a uid of its own. */
    public MetaClassifier() {
        this(Identifiable.randomUID("metaClassifier"));
    }

    /** An estimator with a given uid. */
    public MetaClassifier(String uid) {
        super(uid);
        setDefault(probabilityCol(), "probability");
        setDefault(rawPredictionCol(), "rawPrediction");
    }

    /** Reads an estimator that was saved. */
    public static MLReader<MetaClassifier> read() {
        return new DefaultParamsReader<>();
    }

    /** Reads the estimator at a path. */
    public static MetaClassifier load(String path) {
        return read().load(path);
    }

    @Override
    MetaClassifier self() {
        return this;
    }

    @Override
    String target() {
        return "classification";
    }

    @Override
    void fitted(MetaClassificationModel model, StructType schema) {
        model.set(model.labelType(), label(schema).sql());
    }

    @Override
    Map<Param<String>, DataType> added(StructType schema) {
        return added(this, label(schema));
    }

    private DataType label(StructType schema) {
        return TableInput.find(schema, getOrDefault(labelCol())).orElseThrow().dataType();
    }

    /** The columns that a model adds: a prediction, and vectors of those of the other columns that have a name. */
    static <P extends Params & ClassificationParams> Map<Param<String>, DataType> added(P stage, DataType label) {
        Map<Param<String>, DataType> added = new LinkedHashMap<>();
        added.put(stage.predictionCol(), predictionType(label));
        for (Param<String> vectors : List.of(stage.rawPredictionCol(), stage.probabilityCol())) {
            if (!stage.getOrDefault(vectors).isEmpty()) {
                added.put(vectors, SQLDataTypes.VectorType());
            }
        }
        return added;
    }

    /** The type of predictions: a double for labels that are numbers, as in Spark ML, otherwise the label's. */
    static DataType predictionType(DataType label) {
        return label instanceof NumericType ? DataTypes.DoubleType : label;
    }

    @Override
    MetaClassificationModel newModel() {
        return new MetaClassificationModel(uid());
    }

    /** Sets {@link #probabilityCol}. */
    public MetaClassifier setProbabilityCol(String column) {
        return with(probabilityCol(), column);
    }

    /** Sets {@link #rawPredictionCol}. */
    public MetaClassifier setRawPredictionCol(String column) {
        return with(rawPredictionCol(), column);
    }
}
