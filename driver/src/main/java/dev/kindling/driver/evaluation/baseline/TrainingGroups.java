package dev.kindling.driver.evaluation.baseline;

import dev.kindling.job.task.table.GroupRows;
import dev.kindling.job.task.table.TableSource;
import java.util.Arrays;
import java.util.List;

/**
 * Training groups to which baselines are fitted.
 *
 * @param classes number of classes of the label; 0 for regression
 */
record TrainingGroups(List<GroupRows> groups, int classes) {
    /** The most groups that are read. */
    static final int MOST = 2000;

    TrainingGroups {
        groups = List.copyOf(groups);
    }

    /** All groups of a table, or a drawn sample of {@link #MOST}. */
    static TrainingGroups of(TableSource source, long seed) {
        return new TrainingGroups(
                source.representatives(seed, MOST).stream()
                        .map(source::groupRows)
                        .toList(),
                source.manifest().classes().size());
    }

    /** The number of features of a row. */
    int features() {
        return groups.get(0).features();
    }

    /** The weighted mean target of all rows; for classes the weighted frequencies. */
    double[] mean() {
        double[] sums = new double[Math.max(1, classes)];
        double weights = 0;
        for (GroupRows group : groups) {
            for (int row = 0; row < group.size(); row++) {
                double weight = group.weights()[row];
                weights += weight;
                if (classes == 0) {
                    sums[0] += weight * group.y()[row];
                } else {
                    sums[(int) group.y()[row]] += weight;
                }
            }
        }
        double all = weights;
        return Arrays.stream(sums).map(sum -> sum / all).toArray();
    }

    /** The weighted mean squared difference of the targets from a value. */
    double variance(double mean) {
        double squares = 0;
        double weights = 0;
        for (GroupRows group : groups) {
            for (int row = 0; row < group.size(); row++) {
                double difference = group.y()[row] - mean;
                squares += group.weights()[row] * difference * difference;
                weights += group.weights()[row];
            }
        }
        return squares / weights;
    }
}
