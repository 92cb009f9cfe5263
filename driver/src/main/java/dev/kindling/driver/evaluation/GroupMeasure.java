package dev.kindling.driver.evaluation;

import java.util.Locale;

/** The measures of predictions for query rows of groups. All are weighted by the weights of rows. */
public enum GroupMeasure {
    /** Root of the mean squared error, in the label's units. */
    RMSE(Statistics.Better.LOWER),
    /** Mean absolute error, in the label's units. */
    MAE(Statistics.Better.LOWER),
    /** Mean natural logarithm of the predictive density, a normal distribution, at the label, in the label's units. */
    LOG_DENSITY(Statistics.Better.HIGHER),
    /** Fraction of labels in the central predictive interval of probability 50%. */
    COVERAGE_50(0.5),
    COVERAGE_80(0.8),
    COVERAGE_90(0.9),
    COVERAGE_95(0.95),
    /** Area under the receiver operating characteristic, of two classes; equal probabilities count half. */
    AUC(Statistics.Better.HIGHER),
    /** Mean negative natural logarithm of the probability of the true class. */
    LOG_LOSS(Statistics.Better.LOWER),
    /** Fraction of rows whose most probable class is the true one. */
    ACCURACY(Statistics.Better.HIGHER),
    /** Expected calibration error over ten bins of equal width, see {@link Calibration}. */
    CALIBRATION_ERROR(Statistics.Better.LOWER);

    private final Statistics.Better better;
    private final double probability;

    GroupMeasure(Statistics.Better better) {
        this.better = better;
        this.probability = Double.NaN;
    }

    GroupMeasure(double probability) {
        this.better = Statistics.Better.HIGHER;
        this.probability = probability;
    }

    /** The name in files. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Which direction is better; without meaning for coverages. */
    public Statistics.Better better() {
        return better;
    }

    /** Whether the measure is the coverage of a predictive interval, of {@link #probability}. */
    public boolean isCoverage() {
        return !Double.isNaN(probability);
    }

    /** The probability of the predictive interval, for coverages. */
    public double probability() {
        return probability;
    }

    /** Whether predictors are compared by the measure, group by group. */
    public boolean isCompared() {
        return !isCoverage() && this != CALIBRATION_ERROR;
    }
}
