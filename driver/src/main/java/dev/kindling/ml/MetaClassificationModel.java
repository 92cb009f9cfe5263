package dev.kindling.ml;

import dev.kindling.TablePredictor;
import dev.kindling.driver.table.ColumnExpressions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.ml.functions;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructType;

/** A classification model that {@link MetaClassifier} has trained. */
public final class MetaClassificationModel extends MetaModel<MetaClassificationModel> implements ClassificationParams {
    private static final long serialVersionUID = 1L;

    private static final String PROBABILITY = "kindling_probability_";
    private static final String LOGIT = "kindling_logit_";

    private final Param<String> labelType;

    /** A model without training, into which a reader puts one. */
    public MetaClassificationModel() {
        this(Identifiable.randomUID("metaClassificationModel"));
    }

    /** A model without training and with a given uid. */
    public MetaClassificationModel(String uid) {
        super(uid);
        this.labelType = new Param<>(this, "labelType", "the type of the label in training, as Spark SQL writes it");
    }

    /** Reads a model that was saved. */
    public static MLReader<MetaClassificationModel> read() {
        return new ModelFiles.Reader<>();
    }

    /** Reads the model at a path. */
    public static MetaClassificationModel load(String path) {
        return read().load(path);
    }

    @Override
    MetaClassificationModel self() {
        return this;
    }

    @Override
    MetaClassificationModel newModel() {
        return new MetaClassificationModel(uid());
    }

    /** The type of the label in training, as Spark SQL writes it. */
    public Param<String> labelType() {
        return labelType;
    }

    /** Sets {@link #probabilityCol}. */
    public MetaClassificationModel setProbabilityCol(String column) {
        return with(probabilityCol(), column);
    }

    /** Sets {@link #rawPredictionCol}. */
    public MetaClassificationModel setRawPredictionCol(String column) {
        return with(rawPredictionCol(), column);
    }

    /**
     * The labels of the classes in the order of the elements of probability vectors: of numbers by size, so that labels 0, 1, ...
     * are the positions of their elements; of text in the order of characters.
     */
    public List<String> labels() {
        List<String> labels = new ArrayList<>(trained().model().classes());
        if (trainedLabel() instanceof NumericType) {
            labels.sort(Comparator.comparingDouble(Double::parseDouble));
        }
        return labels;
    }

    private DataType trainedLabel() {
        return DataType.fromDDL(getOrDefault(labelType));
    }

    @Override
    Map<Param<String>, DataType> added(StructType schema) {
        return MetaClassifier.added(this, trainedLabel());
    }

    @Override
    Optional<DataType> labelCast() {
        return Optional.of(trainedLabel());
    }

    @Override
    TablePredictor withColumns(TablePredictor any) {
        return any.columns(getOrDefault(predictionCol()), "", PROBABILITY, LOGIT);
    }

    @Override
    List<Column> outputs() {
        Column prediction = ColumnExpressions.column(getOrDefault(predictionCol()));
        List<Column> outputs = new ArrayList<>();
        outputs.add(
                prediction.cast(MetaClassifier.predictionType(trainedLabel())).alias(getOrDefault(predictionCol())));
        added(new StructType()).keySet().stream()
                .filter(param -> !param.equals(predictionCol()))
                .forEach(param -> outputs.add(vector(prediction, param.equals(probabilityCol()) ? PROBABILITY : LOGIT)
                        .alias(getOrDefault(param))));
        return outputs;
    }

    /** A vector of the columns of all classes; null where there is no prediction. */
    private Column vector(Column prediction, String prefix) {
        Column[] elements = labels().stream()
                .map(label -> ColumnExpressions.column(prefix + label))
                .toArray(Column[]::new);
        return org.apache.spark.sql.functions.when(
                prediction.isNotNull(), functions.array_to_vector(org.apache.spark.sql.functions.array(elements)));
    }
}
