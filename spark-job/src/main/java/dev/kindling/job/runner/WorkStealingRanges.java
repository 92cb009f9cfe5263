package dev.kindling.job.runner;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Distributes consecutive blocks to threads: each thread takes blocks from the front of its own span, so that its sums merge
 * early, and then steals from the end of the longest span. Thread-safe, without locks.
 */
final class WorkStealingRanges {
    /** Returned when no block is left. */
    static final int NONE = -1;

    /** Spans: the next block in the upper 32 bits, the end of the span in the lower. */
    private final AtomicLongArray spans;

    private final AtomicInteger arrivals = new AtomicInteger();

    /**
     * Splits blocks into spans of equal length, give or take a block.
     *
     * @param first first block
     * @param end end of the blocks, exclusive
     * @param threads number of spans; further threads only steal
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

    /** Assigns a span to the calling thread; beyond the number of spans, the index of none. */
    int assignSpan() {
        return arrivals.getAndIncrement();
    }

    /** Whether a block is left. */
    boolean any() {
        return longest() != NONE;
    }

    /** The next block for the thread of the span with the given index, or {@link #NONE}. */
    int take(int index) {
        if (index < spans.length()) {
            for (long span = spans.get(index); next(span) < end(span); span = spans.get(index)) {
                if (spans.compareAndSet(index, span, pack(next(span) + 1, end(span)))) {
                    return next(span);
                }
            }
        }
        return steal();
    }

    /**
     * Takes the blocks that follow one that the thread has taken, from its own span.
     *
     * @param most maximum number
     * @return their number; 0 after a stolen block
     */
    int takeNext(int index, int block, int most) {
        if (most < 1 || index >= spans.length()) {
            return 0;
        }
        long span = spans.get(index);
        int count = Math.min(most, end(span) - next(span));
        boolean taken = count > 0
                && next(span) == block + 1
                && spans.compareAndSet(index, span, pack(next(span) + count, end(span)));
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
