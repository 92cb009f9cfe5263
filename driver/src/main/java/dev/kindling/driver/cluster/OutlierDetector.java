package dev.kindling.driver.cluster;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.job.executor.RateLimitedLog;
import dev.kindling.job.reduce.PartialSum;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports sums that are far larger than the others, and the executors that sent them; results are not changed. The size of a
 * sum is the Euclidean norm of its partial sums divided by their task count. It is compared with the median of its round if
 * that has at least three ranges, so that one wrong sum moves the median little; otherwise with the median of the preceding
 * sums of the same program. Not thread-safe.
 */
public final class OutlierDetector {
    /** Ratio to the median from which on a sum is reported: sums of few tasks differ by less, even in unsteady training. */
    static final double FACTOR = 100;

    private static final int MIN_RANGES = 3;
    /** Number of preceding sums to compare with, and how many are needed at least. */
    private static final int REMEMBERED = 32;

    private static final int MIN_REMEMBERED = 8;
    private static final int LINES = 5;
    private static final Duration PERIOD = Duration.ofMinutes(1);
    private static final Logger LOG = LoggerFactory.getLogger(OutlierDetector.class);

    private final RateLimitedLog log;
    private final Map<String, Recent> recent = new HashMap<>();
    private final List<Sum> round = new ArrayList<>();

    private record Sum(Supplier<String> sender, double size) {}

    /** The sizes of the latest sums of a program. */
    private static final class Recent {
        private final double[] sizes = new double[REMEMBERED];
        private long count;
        private double median = Double.NaN;

        /** The median is updated after every few sizes, because sorting takes noticeable time in a round of 200 µs. */
        void add(double size) {
            sizes[(int) (count++ % REMEMBERED)] = size;
            if (count % MIN_REMEMBERED == 0) {
                median = OutlierDetector.median(Arrays.copyOf(sizes, (int) Math.min(count, REMEMBERED)));
            }
        }

        /** Their median, or NaN while there are too few. */
        double median() {
            return median;
        }
    }

    /**
     * A detector without preceding sums.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    public OutlierDetector(LongSupplier nanoTime) {
        this.log = new RateLimitedLog(LOG, LINES, PERIOD, nanoTime);
    }

    /** Begins a round; discards one that has not been ended. */
    public void beginRound() {
        round.clear();
    }

    /**
     * Adds a sum of the current round.
     *
     * @param sender names the executor and the tasks; called if the sum is reported
     * @param size from {@link #size}
     */
    public void add(Supplier<String> sender, double size) {
        round.add(new Sum(sender, size));
    }

    /** Whether the current round has no sum yet. */
    boolean isEmpty() {
        return round.isEmpty();
    }

    /** Ends the current round; returns its notices for the user. */
    public List<String> endRound(RoundRequest request) {
        double[] sizes = round.stream()
                .mapToDouble(Sum::size)
                .filter(size -> !Double.isNaN(size))
                .toArray();
        Recent before = recent.computeIfAbsent(request.program(), program -> new Recent());
        double usual = sizes.length < MIN_RANGES ? before.median() : median(sizes);
        List<String> lines = new ArrayList<>();
        for (Sum sum : round) {
            if (usual > 0 && sum.size() > FACTOR * usual) {
                report(sum, usual, request, lines);
            }
        }
        Arrays.stream(sizes).forEach(before::add);
        beginRound();
        return lines;
    }

    private void report(Sum sum, double usual, RoundRequest request, List<String> lines) {
        String line = String.format(
                Locale.ROOT,
                "warning: %s sent a sum of %.3g for each task to %s, where %.3g is usual; it was used",
                sum.sender().get(),
                sum.size(),
                request,
                usual);
        if (log.warn(line)) {
            lines.add(line);
        }
    }

    private static double median(double[] sizes) {
        Arrays.sort(sizes);
        return sizes[(sizes.length - 1) / 2];
    }

    /** The norm of partial sums divided by their task count; infinite if an element is not finite, NaN without tasks. */
    public static double size(List<PartialSum> sums) {
        double norms = 0;
        long tasks = 0;
        for (PartialSum sum : sums) {
            norms += Aggregator.norm(sum.sums());
            tasks += sum.tasks();
        }
        return tasks > 0 && Double.isNaN(norms) ? Double.POSITIVE_INFINITY : norms / tasks;
    }
}
