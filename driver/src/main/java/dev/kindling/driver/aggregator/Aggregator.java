package dev.kindling.driver.aggregator;

import dev.kindling.driver.error.DivergedException;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.tensor.EnsembleLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Computes the meta-gradient of a round from its sum: the mean over the tasks that were added, then clipped. The gradients of the
 * members of an ensemble are computed separately, each from the member's part of the sum. One thread computes them in an
 * order fixed by the size, so equal sums give the same bits. Thread-safe.
 */
public final class Aggregator {
    private final Clip clip;
    private final RunningStatistics statistics;

    /** An aggregator for a θ that contains running statistics, which are excluded from norm and clipping. */
    public Aggregator(Clip clip, RunningStatistics statistics) {
        this.clip = clip;
        this.statistics = statistics;
    }

    /** The running statistics in θ. */
    public RunningStatistics statistics() {
        return statistics;
    }

    /**
     * Computes the round's meta-gradient; the sum is not changed.
     *
     * @param round 0-based, for messages
     * @param totals layout of {@code root.totals()}: scalars by name
     * @throws DivergedException if no task was added, or if the mean is not finite
     */
    public MetaGradient aggregate(long round, PartialSum root, Layout totals) {
        return aggregate(round, root, totals, new int[] {root.tasks()});
    }

    /**
     * As {@link #aggregate(long, PartialSum, Layout)}, for an ensemble.
     *
     * @param tasks the number of tasks that were added for each member
     */
    public MetaGradient aggregate(long round, PartialSum root, Layout totals, int[] tasks) {
        FlatVector mean = root.sums().copy();
        int size = mean.size() / tasks.length;
        for (int member = 0; member < tasks.length; member++) {
            if (tasks[member] == 0) {
                throw new DivergedException("round " + round + " has no meta-gradient" + of(member, tasks.length)
                        + ": each of its tasks failed");
            }
            divide(mean, member * size, (member + 1) * size, tasks[member]);
        }
        FlatVector offsets = statistics.removeFrom(mean);
        double norms = 0;
        for (int member = 0; member < tasks.length; member++) {
            norms += clip(round, mean, member, tasks.length);
        }
        return new MetaGradient(mean, offsets, norms / tasks.length, means(root, totals), root.tasks());
    }

    /** Clips a member's part of the mean; returns its norm before. */
    private double clip(long round, FlatVector mean, int member, int members) {
        FlatVector part = members == 1 ? mean : EnsembleLayout.part(mean, member, members);
        double norm = norm(part);
        if (!Double.isFinite(norm)) {
            throw new DivergedException("the meta-gradient of round " + round + of(member, members)
                    + " is not finite (its norm is " + norm
                    + "); a smaller optimizer.learning-rate or algorithm.inner-learning-rate may help");
        }
        clip.apply(part, norm);
        if (members > 1) {
            mean.copyFrom(part, 0, member * part.size(), part.size());
        }
        return norm;
    }

    private static String of(int member, int members) {
        return members == 1 ? "" : " of member " + member;
    }

    private static void divide(FlatVector sums, int begin, int end, int by) {
        if (sums instanceof FlatVector.OfFloat floats) {
            divide(floats.array(), begin, end, by);
        } else {
            divide(((FlatVector.OfDouble) sums).array(), begin, end, by);
        }
    }

    private static void divide(float[] numbers, int begin, int end, float by) {
        for (int i = begin; i < end; i++) {
            numbers[i] /= by;
        }
    }

    private static void divide(double[] numbers, int begin, int end, double by) {
        for (int i = begin; i < end; i++) {
            numbers[i] /= by;
        }
    }

    /** The Euclidean norm, summed in double in a fixed order. */
    public static double norm(FlatVector gradient) {
        return Math.sqrt(
                gradient instanceof FlatVector.OfFloat floats
                        ? squares(floats.array())
                        : squares(((FlatVector.OfDouble) gradient).array()));
    }

    /** Four independent sums, because additions that depend on each other cannot be pipelined. */
    private static double squares(float[] numbers) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 4 <= numbers.length; i += 4) {
            a += (double) numbers[i] * numbers[i];
            b += (double) numbers[i + 1] * numbers[i + 1];
            c += (double) numbers[i + 2] * numbers[i + 2];
            d += (double) numbers[i + 3] * numbers[i + 3];
        }
        for (; i < numbers.length; i++) {
            a += (double) numbers[i] * numbers[i];
        }
        return a + b + c + d;
    }

    /** As for floats. */
    private static double squares(double[] numbers) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 4 <= numbers.length; i += 4) {
            a += numbers[i] * numbers[i];
            b += numbers[i + 1] * numbers[i + 1];
            c += numbers[i + 2] * numbers[i + 2];
            d += numbers[i + 3] * numbers[i + 3];
        }
        for (; i < numbers.length; i++) {
            a += numbers[i] * numbers[i];
        }
        return a + b + c + d;
    }

    /**
     * The means of the per-task outputs over the tasks of a sum.
     *
     * @param totals layout of {@code sum.totals()}
     * @throws IllegalArgumentException if the sum has another number of totals, or one is no scalar
     */
    public static SortedMap<String, Double> means(PartialSum sum, Layout totals) {
        if (totals.size() != sum.totals().length) {
            throw new IllegalArgumentException(
                    "the sum has " + sum.totals().length + " totals, but there are " + totals.size() + " in " + totals);
        }
        SortedMap<String, Double> means = new TreeMap<>();
        for (Layout.Entry entry : totals.entries()) {
            if (entry.shape().rank() != 0) {
                throw new IllegalArgumentException(entry.name() + " is " + entry.shape() + "; totals are scalars");
            }
            means.put(entry.name(), sum.totals()[entry.offset()] / sum.tasks());
        }
        return means;
    }
}
