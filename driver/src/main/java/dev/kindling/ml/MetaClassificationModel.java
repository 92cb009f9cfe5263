package dev.kindling.ml;

import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;

/** A model that {@link MetaClassifier} has trained. */
public final class MetaClassificationModel extends MetaModel<MetaClassificationModel> implements ClassificationParams {
    private static final long serialVersionUID = 1L;

    /** A model without training, into which a reader puts one. */
    public MetaClassificationModel() {
        this(Identifiable.randomUID("metaClassificationModel"));
    }

    /** A model without training and with a given uid. */
    public MetaClassificationModel(String uid) {
        super(uid);
    }

    /** Reads a model that was saved. */
    public static MLReader<MetaClassificationModel> read() {
        throw new UnsupportedOperationException();
    }

    /** Reads the model at a path. */
    public static MetaClassificationModel load(String path) {
        return read().load(path);
    }

    @Override
    MetaClassificationModel self() {
        return this;
    }
}
