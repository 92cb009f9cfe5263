package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.codec.MessageCodec;
import java.util.LinkedHashSet;
import java.util.Set;

/** One range of a round: its order, who has been given it, and how often that failed. */
final class RangeAssignment {
    private RangeRequest request;
    private byte[] bytes;
    private final ExecutorState first;
    private final Set<ExecutorState> executors = new LinkedHashSet<>();
    private final Set<ExecutorState> failedOn = new LinkedHashSet<>();
    private boolean prefetched;
    private long since;
    private int failures;
    private int losses;
    private boolean done;

    /**
     * A range nobody has been given.
     *
     * @param first whom it is meant for
     */
    RangeAssignment(RangeRequest request, ExecutorState first) {
        this.request = request;
        this.first = first;
        this.bytes = MessageCodec.encodeRangeRequest(request);
    }

    int firstTask() {
        return request.firstTask();
    }

    /** Whom it is meant for. */
    ExecutorState first() {
        return first;
    }

    /** Sends it to whom it is meant for, who cannot begin before the vector is there. */
    void prefetch() {
        prefetched = true;
        first.connection().send(bytes);
    }

    /** Gives it to a seat that has its vector; how many bytes went. */
    @SuppressWarnings("ReferenceEquality")
    long assignTo(ExecutorState executor, long now) {
        boolean sent = prefetched && executor == first;
        if (!sent) {
            executor.connection().send(bytes);
        }
        prefetched = false;
        executors.add(executor);
        since = now;
        executor.assign(request.shared(), request.firstTask(), now);
        return bytes.length;
    }

    Set<ExecutorState> executors() {
        return executors;
    }

    /** When it was given away last. */
    long since() {
        return since;
    }

    /** Takes it from a seat; true if it then is nobody's and still to be done. */
    boolean take(ExecutorState executor) {
        return executors.remove(executor) && executors.isEmpty() && !done;
    }

    /** Counts a failure of a seat; how many there have been. */
    int fail(ExecutorState executor) {
        failedOn.add(executor);
        return ++failures;
    }

    /** Whether it has failed on the seat before. */
    boolean hasFailedOn(ExecutorState executor) {
        return failedOn.contains(executor);
    }

    /** Counts a holder that was lost; how many there have been. */
    int lose() {
        return ++losses;
    }

    /** What was done is lost. */
    void undo() {
        done = false;
    }

    /** Makes it a range whose sums come with the reply, which nobody has been given. */
    void send() {
        request = request.returning();
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
