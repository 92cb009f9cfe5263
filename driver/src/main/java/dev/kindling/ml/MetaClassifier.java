package dev.kindling.ml;

import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;

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
