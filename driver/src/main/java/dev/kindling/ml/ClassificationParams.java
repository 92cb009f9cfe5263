package dev.kindling.ml;

import org.apache.spark.ml.param.Param;

/** The parameters of a classification. */
public interface ClassificationParams extends MetaParams {
    /** The column of vectors with the probability of each class that a model adds; empty for none. */
    default Param<String> probabilityCol() {
        return paramSet().probabilityCol;
    }

    /** The column of vectors with the logit of each class that a model adds; empty for none. */
    default Param<String> rawPredictionCol() {
        return paramSet().rawPredictionCol;
    }
}
