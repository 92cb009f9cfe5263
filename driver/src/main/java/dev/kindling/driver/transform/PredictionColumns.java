package dev.kindling.driver.transform;

import java.io.Serializable;

/**
 * The names of the columns that predictions add to a table. A column of an empty name is not added.
 *
 * @param prediction a number, or the name of a class in the label's type
 * @param stddev the predictive standard deviation, noise included, in the label's units
 * @param probability what the names of columns with the probability of a class begin with
 * @param logit what the names of columns with the logit of a class begin with
 */
public record PredictionColumns(String prediction, String stddev, String probability, String logit)
        implements Serializable {
    /** The columns of the command {@code adapt}. */
    public static final PredictionColumns DEFAULT = new PredictionColumns("prediction", "stddev", "probability_", "");
}
