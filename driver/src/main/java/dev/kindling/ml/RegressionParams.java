package dev.kindling.ml;

import org.apache.spark.ml.param.Param;

/** The parameters of a regression. */
public interface RegressionParams extends MetaParams {
    /** A column with a prediction of the label that the model improves. */
    default Param<String> offsetCol() {
        return paramSet().offsetCol;
    }

    /** The column of predictive standard deviations that a model adds if its method predicts variances; empty for none. */
    default Param<String> stddevCol() {
        return paramSet().stddevCol;
    }
}
