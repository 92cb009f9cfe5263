package dev.kindling.driver.cluster;

import java.util.List;

/**
 * A request partitioned into ranges for the executors that were ready, before its vector is known.
 *
 * @param version of the vector that its ranges name
 * @param tracker of the results
 * @param assignments the ranges, left to right
 * @param executors that were ready; those with a range each are the {@link #workers}
 * @param sums how its sums will reach the driver
 */
record PreparedRound(
        RoundRequest request,
        long version,
        RoundTracker tracker,
        List<RangeAssignment> assignments,
        List<ExecutorState> executors,
        SumCollection sums) {
    /** Whether it was prepared for the same request instance and the same executors. */
    @SuppressWarnings("ReferenceEquality")
    boolean isFor(RoundRequest other, List<ExecutorState> free) {
        return request == other && executors.equals(free);
    }

    /** The executors that have a range, by the order of the ranges. */
    List<ExecutorState> workers() {
        return assignments.stream().map(RangeAssignment::first).toList();
    }

    /** Sends each range to its executor, which begins when the vector arrives. */
    void prefetch() {
        assignments.forEach(RangeAssignment::prefetch);
    }
}
