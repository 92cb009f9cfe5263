package dev.kindling.driver.cluster;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.LongSupplier;

/** Detects executors that missed heartbeats and ranges that straggle. Not thread-safe. */
final class StragglerDetector {
    /** Several times the heartbeat interval of an executor. */
    static final Duration HEARTBEAT_TIMEOUT = Duration.ofSeconds(15);

    /** The time between two checks is shorter than this, unless the driver itself has paused. */
    private static final Duration DRIVER_PAUSE = Duration.ofSeconds(5);
    /** A range straggles if it takes this many times as long as the slowest completed one, and the minimum run time. */
    private static final int SPECULATION_MULTIPLIER = 3;

    private static final long SPECULATION_MIN_RUNTIME = Duration.ofMillis(100).toNanos();

    private final LongSupplier nanoTime;
    private long lastCheck;
    private long slowest;

    /**
     * A detector without completed ranges.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    StragglerDetector(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Discards the run times of the previous round. */
    void beginRound() {
        slowest = 0;
    }

    /** Records the run time of a completed range, in nanoseconds. */
    void rangeCompleted(long took) {
        slowest = Math.max(slowest, took);
    }

    /** The executors that have sent nothing for {@link #HEARTBEAT_TIMEOUT}. */
    List<ExecutorState> missedHeartbeats(Collection<ExecutorState> executors) {
        long now = nanoTime.getAsLong();
        if (now - lastCheck > DRIVER_PAUSE.toNanos()) {
            // The driver has paused; messages of executors may not have been read.
            executors.forEach(executor -> executor.lastHeard(now));
        }
        lastCheck = now;
        return executors.stream()
                .filter(executor -> now - executor.lastHeard() > HEARTBEAT_TIMEOUT.toNanos())
                .toList();
    }

    /** Whether a range that is assigned to one executor takes much longer than others of its round did. */
    boolean isStraggler(RangeAssignment assignment) {
        return isRunningOnce(assignment)
                && slowest > 0
                && nanoTime.getAsLong() - assignment.assignedAt() > stragglerThreshold();
    }

    private static boolean isRunningOnce(RangeAssignment assignment) {
        return !assignment.isDone() && assignment.executors().size() == 1;
    }

    private long stragglerThreshold() {
        return Math.max(SPECULATION_MIN_RUNTIME, SPECULATION_MULTIPLIER * slowest);
    }

    /** Time until a range becomes a straggler that an idle executor could run, at most the given time. */
    Duration timeout(List<RangeAssignment> assignments, Collection<ExecutorState> executors, Duration most) {
        if (slowest == 0 || executors.stream().noneMatch(ExecutorState::idle)) {
            return most;
        }
        long now = nanoTime.getAsLong();
        long least = most.toNanos();
        for (RangeAssignment assignment : assignments) {
            if (isRunningOnce(assignment)) {
                least = Math.min(least, Math.max(0, assignment.assignedAt() + stragglerThreshold() - now));
            }
        }
        return Duration.ofNanos(least + 1);
    }
}
