package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.codec.MessageCodec;
import java.util.LinkedHashSet;
import java.util.Set;

/** One range of a round: its request, the executors that it is assigned to, its failures and losses. */
final class RangeAssignment {
    private RangeRequest request;
    private byte[] bytes;
    private final ExecutorState first;
    private final Set<ExecutorState> executors = new LinkedHashSet<>();
    private final Set<ExecutorState> failedOn = new LinkedHashSet<>();
    private boolean prefetched;
    private long assignedAt;
    private int failures;
    private int losses;
    private boolean done;

    /**
     * A range that is not assigned yet.
     *
     * @param first the executor that it will be assigned to first
     */
    RangeAssignment(RangeRequest request, ExecutorState first) {
        this.request = request;
        this.first = first;
        this.bytes = MessageCodec.encodeRangeRequest(request);
    }

    int firstTask() {
        return request.firstTask();
    }

    /** The executor that it is assigned to first. */
    ExecutorState first() {
        return first;
    }

    /** Sends the request to its first executor, which cannot begin before the vector has arrived. */
    void prefetch() {
        prefetched = true;
        first.connection().send(bytes);
    }

    /** Assigns it to an executor that has its vector; returns the number of bytes sent. */
    @SuppressWarnings("ReferenceEquality")
    long assignTo(ExecutorState executor, long now) {
        boolean sent = prefetched && executor == first;
        if (!sent) {
            executor.connection().send(bytes);
        }
        prefetched = false;
        executors.add(executor);
        assignedAt = now;
        executor.assign(request.shared(), request.firstTask(), now);
        return bytes.length;
    }

    Set<ExecutorState> executors() {
        return executors;
    }

    /** Time of the last assignment. */
    long assignedAt() {
        return assignedAt;
    }

    /** Removes an executor; true if it is then assigned to none and still to be done. */
    boolean unassign(ExecutorState executor) {
        return executors.remove(executor) && executors.isEmpty() && !done;
    }

    /** Counts a failure on an executor; returns the number of failures. */
    int fail(ExecutorState executor) {
        failedOn.add(executor);
        return ++failures;
    }

    /** Whether it has failed on the executor before. */
    boolean hasFailedOn(ExecutorState executor) {
        return failedOn.contains(executor);
    }

    /** Counts an executor that was lost with it; returns the number of losses. */
    int lose() {
        return ++losses;
    }

    /** Marks it as not done: its result is lost. */
    void undo() {
        done = false;
    }

    /** Makes it an unassigned range whose sums are returned with the result. */
    void restartReturningSums() {
        request = request.with(RangeRequest.SumLocation.RETURNED);
        bytes = MessageCodec.encodeRangeRequest(request);
        executors.clear();
        prefetched = false;
        done = false;
    }

    boolean isDone() {
        return done;
    }

    void done() {
        done = true;
    }

    /** As messages name it: {@code tasks 12 to 24}. */
    @Override
    public String toString() {
        return "tasks " + request.firstTask() + " to "
                + (request.firstTask() + request.specs().size() - 1);
    }
}
