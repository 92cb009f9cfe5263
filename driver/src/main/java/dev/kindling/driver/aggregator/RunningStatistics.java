package dev.kindling.driver.aggregator;

import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The numbers of θ that no gradient moves, because they follow statistics of batches: s ← s - (1 - d) · (s - b), with b the
 * mean over a round's tasks and d = 0.9, Deeplearning4j's decay. Tasks report s - b in the place of a gradient. Immutable.
 */
public final class RunningStatistics {
    /** θ without statistics. */
    public static final RunningStatistics NONE =
            new RunningStatistics(Layout.builder().build(), Set.of());

    private static final double FOLLOWED = 0.1;

    /** Places in θ, ascending. */
    private final int[] places;

    /** The named arrays of θ. */
    public RunningStatistics(Layout theta, Set<String> names) {
        this.places = theta.entries().stream()
                .filter(entry -> names.contains(entry.name()))
                .flatMapToInt(entry -> IntStream.range(
                        entry.offset(), entry.offset() + entry.shape().size()))
                .toArray();
    }

    /** How far each statistic is from its batches, taken out of the mean over tasks, where zeros stay behind. */
    Storage takenOutOf(Storage mean) {
        Storage away = Storage.zeros(Precision.DOUBLE, places.length);
        for (int i = 0; i < places.length; i++) {
            away.set(i, mean.at(places[i]));
            mean.set(places[i], 0);
        }
        return away;
    }

    /** The statistics behind a round, from those in θ before its gradient step. */
    public Storage next(MetaGradient round, Storage theta) {
        Storage next = Storage.zeros(Precision.DOUBLE, places.length);
        for (int i = 0; i < places.length; i++) {
            next.set(i, theta.at(places[i]) - FOLLOWED * round.statistics().at(i));
        }
        return next;
    }

    /** Writes statistics that {@link #next} gave over whatever the gradient step made of them. */
    public void put(Storage next, Storage theta) {
        for (int i = 0; i < places.length; i++) {
            theta.set(places[i], next.at(i));
        }
    }
}
