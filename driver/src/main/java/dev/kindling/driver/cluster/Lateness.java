package dev.kindling.driver.cluster;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.LongSupplier;

/** What no event tells of a cluster: which links have been silent for too long, and which ranges of a round are slow. */
final class Lateness {
    /** Several times the pulse of a worker. */
    static final Duration SILENCE = Duration.ofSeconds(15);

    /** Between two looks at silent links no more passes, unless the driver itself stands still. */
    private static final Duration LONG_PAUSE = Duration.ofSeconds(5);
    /** A range is slow when it takes this many times as long as the slowest that is done, and at least the floor. */
    private static final int SLOW_FACTOR = 3;

    private static final long SLOW_FLOOR = Duration.ofMillis(100).toNanos();

    private final LongSupplier nanoTime;
    private long looked;
    private long slowest;

    /**
     * With nothing to compare with.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    Lateness(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Forgets what ranges of the round before have taken. */
    void beginRound() {
        slowest = 0;
    }

    /** A range of the round was answered after so many nanoseconds. */
    void answered(long took) {
        slowest = Math.max(slowest, took);
    }

    /** Those of the seats whose links have said nothing for {@link #SILENCE}. */
    List<Seat> silent(Collection<Seat> seats) {
        long now = nanoTime.getAsLong();
        if (now - looked > LONG_PAUSE.toNanos()) {
            // It was the driver that paused; what executors said meanwhile may not have been read.
            seats.forEach(seat -> seat.heard(now));
        }
        looked = now;
        return seats.stream()
                .filter(seat -> now - seat.heard() > SILENCE.toNanos())
                .toList();
    }

    /** Whether a range that one seat holds takes much longer than others of its round did. */
    boolean isSlow(Deal deal) {
        return canBeSlow(deal) && slowest > 0 && nanoTime.getAsLong() - deal.since() > slowAfter();
    }

    private static boolean canBeSlow(Deal deal) {
        return !deal.isDone() && deal.holders().size() == 1;
    }

    private long slowAfter() {
        return Math.max(SLOW_FLOOR, SLOW_FACTOR * slowest);
    }

    /** Until when no range becomes slow for which a seat is idle, if nobody says anything; at most the given time. */
    Duration patience(List<Deal> deals, Collection<Seat> seats, Duration most) {
        if (slowest == 0 || seats.stream().noneMatch(Seat::idle)) {
            return most;
        }
        long now = nanoTime.getAsLong();
        long least = most.toNanos();
        for (Deal deal : deals) {
            if (canBeSlow(deal)) {
                least = Math.min(least, Math.max(0, deal.since() + slowAfter() - now));
            }
        }
        return Duration.ofNanos(least + 1);
    }
}
