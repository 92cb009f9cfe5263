package dev.kindling.driver.evaluation.groups;

import dev.kindling.driver.evaluation.Calibration;
import dev.kindling.driver.evaluation.GroupMeasure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import org.apache.commons.statistics.distribution.NormalDistribution;

/** Measures of predictions for query rows: those of a group, or all. Sums are in the order of rows. */
final class RowMeasures {
    private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);

    /** The least probability of a true class that the log loss counts: about the resolution of floats near 1. */
    private static final double LEAST_PROBABILITY = 1e-7;

    private static final int BINS = 10;

    /** The bins of residuals: of this width, between minus and plus that many standard deviations. */
    private static final double RESIDUAL_WIDTH = 0.5;

    private static final double MOST_RESIDUAL = 4;

    private final QueryRows rows;
    private final QueryPredictions predictions;

    RowMeasures(QueryRows rows, QueryPredictions predictions) {
        this.rows = rows;
        this.predictions = predictions;
    }

    /** The measures that these predictions have. */
    Set<GroupMeasure> measures() {
        EnumSet<GroupMeasure> measures = EnumSet.noneOf(GroupMeasure.class);
        if (rows.classes() == 0) {
            measures.addAll(List.of(GroupMeasure.RMSE, GroupMeasure.MAE));
            if (hasVariances()) {
                measures.add(GroupMeasure.LOG_DENSITY);
                Arrays.stream(GroupMeasure.values())
                        .filter(GroupMeasure::isCoverage)
                        .forEach(measures::add);
            }
            return measures;
        }
        measures.addAll(List.of(GroupMeasure.LOG_LOSS, GroupMeasure.ACCURACY, GroupMeasure.CALIBRATION_ERROR));
        if (rows.classes() == 2) {
            measures.add(GroupMeasure.AUC);
        }
        return measures;
    }

    private boolean hasVariances() {
        return predictions.variances().length > 0;
    }

    /** A measure of the rows {@code from} to {@code to - 1}; NaN if they do not have it. */
    double of(GroupMeasure measure, int from, int to) {
        if (measure.isCoverage()) {
            double quantile = NORMAL.inverseCumulativeProbability((1 + measure.probability()) / 2);
            return mean(from, to, row -> Math.abs(residual(row)) <= quantile ? 1 : 0);
        }
        return switch (measure) {
            case RMSE -> rows.scale() * Math.sqrt(mean(from, to, row -> error(row) * error(row)));
            case MAE -> rows.scale() * mean(from, to, row -> Math.abs(error(row)));
            case LOG_DENSITY -> mean(from, to, this::logDensity);
            case AUC -> areaUnderCurve(from, to);
            case LOG_LOSS ->
                mean(from, to, row -> -StrictMath.log(Math.max(LEAST_PROBABILITY, probability(row, trueClass(row)))));
            case ACCURACY -> mean(from, to, row -> mostProbable(row) == trueClass(row) ? 1 : 0);
            case CALIBRATION_ERROR -> reliability(from, to).error();
            default -> throw new IllegalArgumentException(measure + " is a coverage");
        };
    }

    /** The calibration of all rows. */
    Calibration calibration() {
        if (rows.classes() > 0) {
            return reliability(0, rows.size());
        }
        return new Calibration(Calibration.Kind.RESIDUALS, hasVariances() ? residuals() : List.of());
    }

    private double mean(int from, int to, IntToDoubleFunction value) {
        double sum = 0;
        double weights = 0;
        for (int row = from; row < to; row++) {
            sum += rows.weights()[row] * value.applyAsDouble(row);
            weights += rows.weights()[row];
        }
        return sum / weights;
    }

    private double error(int row) {
        return (double) rows.targets()[row] - predictions.outputs()[row];
    }

    /** The error in predicted standard deviations. */
    private double residual(int row) {
        return error(row) / Math.sqrt(predictions.variances()[row]);
    }

    private double logDensity(int row) {
        double variance = predictions.variances()[row];
        return -0.5 * (StrictMath.log(2 * Math.PI * variance) + error(row) * error(row) / variance)
                - StrictMath.log(rows.scale());
    }

    private int trueClass(int row) {
        return (int) rows.targets()[row];
    }

    private double probability(int row, int number) {
        return predictions.outputs()[row * rows.classes() + number];
    }

    private int mostProbable(int row) {
        int best = 0;
        for (int number = 1; number < rows.classes(); number++) {
            if (probability(row, number) > probability(row, best)) {
                best = number;
            }
        }
        return best;
    }

    /**
     * The probability that a row of the second class has a larger probability of it than one of the first (Mann and Whitney's
     * statistic), where rows are drawn by their weights and equal probabilities count half; NaN if a class is missing.
     */
    private double areaUnderCurve(int from, int to) {
        long[] order = new long[to - from];
        for (int row = from; row < to; row++) {
            // Probabilities are not negative, so the bits of floats are in their order.
            order[row - from] = (long) Float.floatToIntBits((float) probability(row, 1)) << Integer.SIZE | row;
        }
        Arrays.sort(order);
        double below = 0;
        double positives = 0;
        double area = 0;
        for (int i = 0; i < order.length; ) {
            double negative = 0;
            double positive = 0;
            long bits = order[i] >> Integer.SIZE;
            for (; i < order.length && order[i] >> Integer.SIZE == bits; i++) {
                int row = (int) order[i];
                if (trueClass(row) == 1) {
                    positive += rows.weights()[row];
                } else {
                    negative += rows.weights()[row];
                }
            }
            area += positive * (below + negative / 2);
            below += negative;
            positives += positive;
        }
        return positives > 0 && below > 0 ? area / (positives * below) : Double.NaN;
    }

    private Calibration reliability(int from, int to) {
        double[] weights = new double[BINS];
        double[] predicted = new double[BINS];
        double[] events = new double[BINS];
        double all = 0;
        for (int row = from; row < to; row++) {
            int number = rows.classes() == 2 ? 1 : mostProbable(row);
            double probability = probability(row, number);
            int bin = (int) Math.max(0, Math.min(BINS - 1, Math.floor(probability * BINS)));
            double weight = rows.weights()[row];
            weights[bin] += weight;
            predicted[bin] += weight * probability;
            events[bin] += trueClass(row) == number ? weight : 0;
            all += weight;
        }
        List<Calibration.Bin> bins = new ArrayList<>();
        for (int bin = 0; bin < BINS; bin++) {
            bins.add(new Calibration.Bin(
                    (double) bin / BINS,
                    (bin + 1.0) / BINS,
                    weights[bin] / all,
                    predicted[bin] / weights[bin],
                    events[bin] / weights[bin]));
        }
        return new Calibration(Calibration.Kind.RELIABILITY, bins);
    }

    private List<Calibration.Bin> residuals() {
        int count = (int) (2 * MOST_RESIDUAL / RESIDUAL_WIDTH);
        double[] weights = new double[count];
        double all = 0;
        for (int row = 0; row < rows.size(); row++) {
            double residual = residual(row);
            if (!Double.isNaN(residual)) {
                int bin = (int)
                        Math.max(0, Math.min(count - 1.0, Math.floor((residual + MOST_RESIDUAL) / RESIDUAL_WIDTH)));
                weights[bin] += rows.weights()[row];
                all += rows.weights()[row];
            }
        }
        List<Calibration.Bin> bins = new ArrayList<>();
        for (int bin = 0; bin < count; bin++) {
            double from = -MOST_RESIDUAL + bin * RESIDUAL_WIDTH;
            double to = from + RESIDUAL_WIDTH;
            double expected = (bin == count - 1 ? 1 : NORMAL.cumulativeProbability(to))
                    - (bin == 0 ? 0 : NORMAL.cumulativeProbability(from));
            double fraction = all > 0 ? weights[bin] / all : 0;
            bins.add(new Calibration.Bin(from, to, fraction, expected, fraction));
        }
        return bins;
    }
}
