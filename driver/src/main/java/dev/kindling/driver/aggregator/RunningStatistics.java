package dev.kindling.driver.aggregator;

import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.util.Map;

/**
 * The numbers of θ that no gradient moves, because they follow what tasks report, statistics of batches for example:
 * s ← s - f · (s - b), with b the mean over a round's tasks and f the share of the way that they go. Tasks report s - b in
 * the place of a gradient. Immutable.
 */
public final class RunningStatistics {
    /** θ without statistics. */
    public static final RunningStatistics NONE = new RunningStatistics(Layout.empty(), Map.of());

    /** Places in θ, ascending. */
    private final int[] places;
    /** The share of the way that each goes. */
    private final double[] followed;

    /**
     * The named arrays of θ.
     *
     * @param shares of the way that an array goes in a round, above 0 and at most 1, by its name
     */
    public RunningStatistics(Layout theta, Map<String, Double> shares) {
        this.places = new int
                [theta.entries().stream()
                        .filter(entry -> shares.containsKey(entry.name()))
                        .mapToInt(entry -> entry.shape().size())
                        .sum()];
        this.followed = new double[places.length];
        int next = 0;
        for (Layout.Entry entry : theta.entries()) {
            Double share = shares.get(entry.name());
            for (int i = 0; share != null && i < entry.shape().size(); i++) {
                places[next] = entry.offset() + i;
                followed[next++] = share;
            }
        }
    }

    /** How far each statistic is from its batches, taken out of the mean over tasks, where zeros stay behind. */
    FlatVector takenOutOf(FlatVector mean) {
        FlatVector away = FlatVector.zeros(Precision.DOUBLE, places.length);
        for (int i = 0; i < places.length; i++) {
            away.set(i, mean.at(places[i]));
            mean.set(places[i], 0);
        }
        return away;
    }

    /** The statistics behind a round, from those in θ before its gradient step. */
    public FlatVector next(MetaGradient round, FlatVector theta) {
        FlatVector next = FlatVector.zeros(Precision.DOUBLE, places.length);
        for (int i = 0; i < places.length; i++) {
            next.set(i, theta.at(places[i]) - followed[i] * round.statistics().at(i));
        }
        return next;
    }

    /** Writes statistics that {@link #next} gave over whatever the gradient step made of them. */
    public void put(FlatVector next, FlatVector theta) {
        for (int i = 0; i < places.length; i++) {
            theta.set(places[i], next.at(i));
        }
    }
}
