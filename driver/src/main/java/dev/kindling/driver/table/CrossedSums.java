package dev.kindling.driver.table;

import dev.kindling.job.task.table.ExactSum;
import java.io.Serializable;

/**
 * The sums of one round of a crossed-effects fit over a partition. Item sums are integers in units of 2^-36 of the label's
 * standard deviation and the others are exact, so that they do not depend on the order of the rows. Mergeable.
 */
final class CrossedSums implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final double UNITS = 0x1p36;

    final long[] counts;
    final ExactSum residuals = new ExactSum();
    final ExactSum squares = new ExactSum();
    final ExactSum groupMoments = new ExactSum();
    final ExactSum groupVariances = new ExactSum();
    private final long[] itemSums;
    long rows;
    long groups;

    CrossedSums(int items) {
        this.counts = new long[items];
        this.itemSums = new long[items];
    }

    /** Adds a row of an item: its label less the group's effect. */
    void item(int item, double value) {
        counts[item]++;
        itemSums[item] = Math.addExact(itemSums[item], Math.round(value * UNITS));
    }

    /** The sum over an item's rows of the label less the group's effect. */
    double itemSum(int item) {
        return itemSums[item] / UNITS;
    }

    CrossedSums merge(CrossedSums other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
            itemSums[i] = Math.addExact(itemSums[i], other.itemSums[i]);
        }
        residuals.add(other.residuals);
        squares.add(other.squares);
        groupMoments.add(other.groupMoments);
        groupVariances.add(other.groupVariances);
        rows += other.rows;
        groups += other.groups;
        return this;
    }
}
