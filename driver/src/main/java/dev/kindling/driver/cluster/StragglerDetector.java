package dev.kindling.driver.cluster;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.LongSupplier;

/** What no event tells of a cluster: which links have been silent for too long, and which ranges of a round are slow. */
final class StragglerDetector {
    /** Several times the pulse of a worker. */
    static final Duration HEARTBEAT_TIMEOUT = Duration.ofSeconds(15);

    /** Between two looks at silent links no more passes, unless the driver itself stands still. */
    private static final Duration DRIVER_PAUSE = Duration.ofSeconds(5);
    /** A range is slow when it takes this many times as long as the slowest that is done, and at least the floor. */
    private static final int SPECULATION_MULTIPLIER = 3;

    private static final long SPECULATION_MIN_RUNTIME = Duration.ofMillis(100).toNanos();

    private final LongSupplier nanoTime;
    private long lastCheck;
    private long slowest;

    /**
     * With nothing to compare with.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    StragglerDetector(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Forgets what ranges of the round before have taken. */
    void beginRound() {
        slowest = 0;
    }

    /** A range of the round was answered after so many nanoseconds. */
    void rangeCompleted(long took) {
        slowest = Math.max(slowest, took);
    }

    /** Those of the seats whose links have said nothing for {@link #HEARTBEAT_TIMEOUT}. */
    List<ExecutorState> missedHeartbeats(Collection<ExecutorState> executors) {
        long now = nanoTime.getAsLong();
        if (now - lastCheck > DRIVER_PAUSE.toNanos()) {
            // It was the driver that paused; what executors said meanwhile may not have been read.
            executors.forEach(seat -> seat.lastHeard(now));
        }
        lastCheck = now;
        return executors.stream()
                .filter(seat -> now - seat.lastHeard() > HEARTBEAT_TIMEOUT.toNanos())
                .toList();
    }

    /** Whether a range that one seat holds takes much longer than others of its round did. */
    boolean isStraggler(RangeAssignment assignment) {
        return hasReference(assignment)
                && slowest > 0
                && nanoTime.getAsLong() - assignment.since() > stragglerThreshold();
    }

    private static boolean hasReference(RangeAssignment assignment) {
        return !assignment.isDone() && assignment.executors().size() == 1;
    }

    private long stragglerThreshold() {
        return Math.max(SPECULATION_MIN_RUNTIME, SPECULATION_MULTIPLIER * slowest);
    }

    /** Until when no range becomes slow for which a seat is idle, if nobody says anything; at most the given time. */
    Duration patience(List<RangeAssignment> assignments, Collection<ExecutorState> executors, Duration most) {
        if (slowest == 0 || executors.stream().noneMatch(ExecutorState::idle)) {
            return most;
        }
        long now = nanoTime.getAsLong();
        long least = most.toNanos();
        for (RangeAssignment assignment : assignments) {
            if (hasReference(assignment)) {
                least = Math.min(least, Math.max(0, assignment.since() + stragglerThreshold() - now));
            }
        }
        return Duration.ofNanos(least + 1);
    }
}
