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
 * Reports sums of executors that are far larger than those of the others, and who sent them; it changes no result. A sum's size
 * is the Euclidean norm of its nodes for each task in them. It is compared with the median of its round where that has three
 * ranges or more, of which one may then be wrong without moving the median far; else with the median of the sums before it of
 * the same program. Not thread-safe.
 */
public final class OutlierDetector {
    /** As many times the median is far out of line: sums of few tasks differ by less, even where training is unsteady. */
    static final double FACTOR = 100;

    private static final int LEAST_SIBLINGS = 3;
    /** Sums to compare with where a round has too few, and how many of them are needed. */
    private static final int REMEMBERED = 32;

    private static final int LEAST_REMEMBERED = 8;
    private static final int LINES = 5;
    private static final Duration PERIOD = Duration.ofMinutes(1);
    private static final Logger LOG = LoggerFactory.getLogger(OutlierDetector.class);

    private final RateLimitedLog log;
    private final Map<String, Recent> recent = new HashMap<>();
    private final List<Sum> round = new ArrayList<>();

    private record Sum(Supplier<String> sender, double size) {}

    /** The sizes of the last sums of a program. */
    private static final class Recent {
        private final double[] sizes = new double[REMEMBERED];
        private long count;
        private double median = Double.NaN;

        /** The median is a new one after every few of them: sorting shows in a round of 200 µs. */
        void add(double size) {
            sizes[(int) (count++ % REMEMBERED)] = size;
            if (count % LEAST_REMEMBERED == 0) {
                median = OutlierDetector.median(Arrays.copyOf(sizes, (int) Math.min(count, REMEMBERED)));
            }
        }

        /** Their median, or NaN while they are too few. */
        double median() {
            return median;
        }
    }

    /**
     * With nothing to compare with yet.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    public OutlierDetector(LongSupplier nanoTime) {
        this.log = new RateLimitedLog(LOG, LINES, PERIOD, nanoTime);
    }

    /** Begins a round; one that has not been ended is forgotten. */
    public void beginRound() {
        round.clear();
    }

    /**
     * Takes in a sum of the round under way.
     *
     * @param sender who sent it, and for which tasks; asked when it is reported
     * @param size as {@link #size} says; NaN where it is a sum of no task
     */
    public void add(Supplier<String> sender, double size) {
        round.add(new Sum(sender, size));
    }

    /** Whether no sum of the round has been taken in. */
    boolean isEmpty() {
        return round.isEmpty();
    }

    /** Ends the round under way; the lines to be shown of it. */
    public List<String> endRound(RoundRequest request) {
        double[] sizes = round.stream()
                .mapToDouble(Sum::size)
                .filter(size -> !Double.isNaN(size))
                .toArray();
        Recent before = recent.computeIfAbsent(request.program(), program -> new Recent());
        double usual = sizes.length < LEAST_SIBLINGS ? before.median() : median(sizes);
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

    /** The norms of nodes, for each task in them; infinite where a number is not finite, NaN where there is no task. */
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
