package dev.kindling.driver.aggregator;

import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.Map;

/**
 * The elements of θ that are exponential moving averages of values that tasks return, such as batch statistics, and are not
 * updated by gradients: s ← s - f · (s - b), with b the mean over a round's tasks and f the update fraction. Tasks return s - b
 * in the place of a gradient. Immutable.
 */
public final class RunningStatistics {
    /** θ without statistics. */
    public static final RunningStatistics NONE = new RunningStatistics(Layout.empty(), Map.of());

    /** Indices in θ, ascending. */
    private final int[] indices;
    /** The update fraction of each. */
    private final double[] fractions;

    /**
     * The statistics in the named arrays of θ.
     *
     * @param updateFractions update fractions by array name, above 0 and at most 1
     */
    public RunningStatistics(Layout theta, Map<String, Double> updateFractions) {
        this.indices = new int
                [theta.entries().stream()
                        .filter(entry -> updateFractions.containsKey(entry.name()))
                        .mapToInt(entry -> entry.shape().size())
                        .sum()];
        this.fractions = new double[indices.length];
        int next = 0;
        for (Layout.Entry entry : theta.entries()) {
            Double fraction = updateFractions.get(entry.name());
            for (int i = 0; fraction != null && i < entry.shape().size(); i++) {
                indices[next] = entry.offset() + i;
                fractions[next++] = fraction;
            }
        }
    }

    /** Returns the differences of statistics and batches in a mean over tasks, and sets them to 0 there. */
    FlatVector removeFrom(FlatVector mean) {
        FlatVector offsets = FlatVector.zeros(Precision.DOUBLE, indices.length);
        for (int i = 0; i < indices.length; i++) {
            offsets.set(i, mean.at(indices[i]));
            mean.set(indices[i], 0);
        }
        return offsets;
    }

    /** The statistics after a round, computed from those in θ before its gradient step. */
    public FlatVector next(MetaGradient round, FlatVector theta) {
        FlatVector next = FlatVector.zeros(Precision.DOUBLE, indices.length);
        for (int i = 0; i < indices.length; i++) {
            next.set(i, theta.at(indices[i]) - fractions[i] * round.statistics().at(i));
        }
        return next;
    }

    /** Writes statistics from {@link #next} into θ, after the gradient step. */
    public void put(FlatVector next, FlatVector theta) {
        for (int i = 0; i < indices.length; i++) {
            theta.set(indices[i], next.at(i));
        }
    }
}
