package dev.kindling.driver.table;

import java.io.Serializable;

/**
 * One fit of crossed effects, y = μ + u_group + b_item + noise with u, b and the noise normal, by expectation maximisation that
 * treats u given b and b given u as independent. A round is one pass over the rows: with μ and the variances of the last
 * round and the new b, each group's u is computed where its rows are, and the sums give μ, the variances and the next b.
 */
final class CrossedFit implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Rounds of the expectation maximisation. */
    static final int ROUNDS = 15;

    private static final double NOISE_SHARE = 0.7;
    private static final double EFFECT_SHARE = 0.15;
    private static final double LEAST_NOISE = 1e-12;

    private final double[] effects;
    private double mean;
    private double noise;
    private double noiseFloor;
    private double groupVariance;
    private double itemVariance;
    private boolean started;

    CrossedFit(int items) {
        this.effects = new double[items];
    }

    /**
     * Adds a group to the sums of the current round.
     *
     * @param labels of the group's rows
     * @param items of the same rows
     * @param count of rows
     */
    void add(CrossedSums sums, double[] labels, int[] items, int count) {
        double variance = 0;
        double groupEffect = 0;
        if (started) {
            variance = 1 / (count / noise + 1 / groupVariance);
            double total = 0;
            for (int i = 0; i < count; i++) {
                total += labels[i] - mean - effects[items[i]];
            }
            groupEffect = variance * total / noise;
        }
        for (int i = 0; i < count; i++) {
            double residual = labels[i] - groupEffect - effects[items[i]];
            sums.item(items[i], labels[i] - groupEffect);
            sums.residuals.add(residual);
            sums.squares.add(residual * residual);
        }
        sums.groupMoments.add(groupEffect * groupEffect + variance);
        sums.groupVariances.add(count * variance);
        sums.rows += count;
        sums.groups++;
    }

    /** Ends a round: sets μ, the variances and the items' effects from the sums over all groups. */
    void update(CrossedSums sums) {
        double n = sums.rows;
        double total = sums.residuals.value();
        double newMean = total / n;
        double squares = sums.squares.value() - 2 * newMean * total + n * newMean * newMean;
        mean = newMean;
        if (started) {
            double moments = 0;
            double variances = 0;
            int known = 0;
            for (int i = 0; i < effects.length; i++) {
                if (sums.counts[i] > 0) {
                    double variance = itemPosterior(sums.counts[i]);
                    moments += effects[i] * effects[i] + variance;
                    variances += sums.counts[i] * variance;
                    known++;
                }
            }
            itemVariance = moments / known;
            groupVariance = sums.groupMoments.value() / sums.groups;
            // Not below rounding, if items and groups explain the labels completely.
            noise = Math.max(noiseFloor, (squares + variances + sums.groupVariances.value()) / n);
        } else {
            double variance = squares / n;
            noise = variance * NOISE_SHARE;
            noiseFloor = noise * LEAST_NOISE;
            groupVariance = variance * EFFECT_SHARE;
            itemVariance = variance * EFFECT_SHARE;
            started = true;
        }
        for (int i = 0; i < effects.length; i++) {
            effects[i] = itemPosterior(sums.counts[i]) * (sums.itemSum(i) - sums.counts[i] * mean) / noise;
        }
    }

    private double itemPosterior(long count) {
        return 1 / (count / noise + 1 / itemVariance);
    }

    double[] effects() {
        return effects.clone();
    }
}
