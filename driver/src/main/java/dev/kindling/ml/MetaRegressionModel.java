package dev.kindling.ml;

import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;

/** A model that {@link MetaRegressor} has trained. */
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
        throw new UnsupportedOperationException();
    }

    /** Reads the model at a path. */
    public static MetaRegressionModel load(String path) {
        return read().load(path);
    }

    @Override
    MetaRegressionModel self() {
        return this;
    }
}
