package dev.kindling.job.runner;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Consecutive blocks dealt out to threads: each takes those of its own span from the front, so that its sums merge early,
 * and then steals from the end of the longest. Thread-safe, without locks.
 */
final class WorkStealingRanges {
    /** No block is left. */
    static final int NONE = -1;

    /** In each, the next block in the upper half and the end of the span in the lower. */
    private final AtomicLongArray spans;

    private final AtomicInteger arrivals = new AtomicInteger();

    /**
     * Blocks cut as evenly as can be.
     *
     * @param first of the blocks
     * @param end behind the last of them
     * @param threads for how many threads; others that come steal
     */
    WorkStealingRanges(int first, int end, int threads) {
        int count = Math.max(1, Math.min(threads, end - first));
        spans = new AtomicLongArray(count);
        for (int i = 0; i < count; i++) {
            spans.set(i, pack(cut(first, end, i, count), cut(first, end, i + 1, count)));
        }
    }

    private static int cut(int first, int end, int index, int count) {
        return first + (int) ((long) (end - first) * index / count);
    }

    private static long pack(int next, int end) {
        return (long) next << Integer.SIZE | end;
    }

    private static int next(long span) {
        return (int) (span >>> Integer.SIZE);
    }

    private static int end(long span) {
        return (int) span;
    }

    /** A span for a thread that comes; it may be one too many, and then has none of its own. */
    int home() {
        return arrivals.getAndIncrement();
    }

    /** Whether a block is left for somebody. */
    boolean any() {
        return longest() != NONE;
    }

    /** The next block for the thread with the given home, or {@link #NONE}. */
    int take(int home) {
        if (home < spans.length()) {
            for (long span = spans.get(home); next(span) < end(span); span = spans.get(home)) {
                if (spans.compareAndSet(home, span, pack(next(span) + 1, end(span)))) {
                    return next(span);
                }
            }
        }
        return steal();
    }

    /**
     * Takes blocks right behind one that the thread has taken, out of its own span.
     *
     * @param most of them
     * @return how many they are; none behind a stolen one
     */
    int takeBehind(int home, int block, int most) {
        if (most < 1 || home >= spans.length()) {
            return 0;
        }
        long span = spans.get(home);
        int count = Math.min(most, end(span) - next(span));
        boolean taken = count > 0
                && next(span) == block + 1
                && spans.compareAndSet(home, span, pack(next(span) + count, end(span)));
        return taken ? count : 0;
    }

    private int steal() {
        for (int victim = longest(); victim != NONE; victim = longest()) {
            long span = spans.get(victim);
            if (next(span) < end(span) && spans.compareAndSet(victim, span, pack(next(span), end(span) - 1))) {
                return end(span) - 1;
            }
        }
        return NONE;
    }

    private int longest() {
        int longest = NONE;
        int most = 0;
        for (int i = 0; i < spans.length(); i++) {
            long span = spans.get(i);
            if (end(span) - next(span) > most) {
                most = end(span) - next(span);
                longest = i;
            }
        }
        return longest;
    }
}
