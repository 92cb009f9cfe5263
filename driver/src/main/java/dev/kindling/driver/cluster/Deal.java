package dev.kindling.driver.cluster;

import dev.kindling.job.wire.Wire;
import dev.kindling.job.wire.WorkOrder;
import java.util.LinkedHashSet;
import java.util.Set;

/** One range of a round: its order, who has been given it, and how often that failed. */
final class Deal {
    private WorkOrder order;
    private byte[] bytes;
    private final Seat first;
    private final Set<Seat> holders = new LinkedHashSet<>();
    private final Set<Seat> failedOn = new LinkedHashSet<>();
    private boolean ahead;
    private long since;
    private int failures;
    private int losses;
    private boolean done;

    /**
     * A range nobody has been given.
     *
     * @param first whom it is meant for
     */
    Deal(WorkOrder order, Seat first) {
        this.order = order;
        this.first = first;
        this.bytes = Wire.encodeOrder(order);
    }

    int firstTask() {
        return order.firstTask();
    }

    /** Whom it is meant for. */
    Seat first() {
        return first;
    }

    /** Sends it to whom it is meant for, who cannot begin before the vector is there. */
    void sendAhead() {
        ahead = true;
        first.link().send(bytes);
    }

    /** Gives it to a seat that has its vector; how many bytes went. */
    @SuppressWarnings("ReferenceEquality")
    long give(Seat seat, long now) {
        boolean sent = ahead && seat == first;
        if (!sent) {
            seat.link().send(bytes);
        }
        ahead = false;
        holders.add(seat);
        since = now;
        seat.owe(order.shared(), order.firstTask(), now);
        return bytes.length;
    }

    Set<Seat> holders() {
        return holders;
    }

    /** When it was given away last. */
    long since() {
        return since;
    }

    /** Takes it from a seat; true if it then is nobody's and still to be done. */
    boolean take(Seat seat) {
        return holders.remove(seat) && holders.isEmpty() && !done;
    }

    /** Counts a failure of a seat; how many there have been. */
    int fail(Seat seat) {
        failedOn.add(seat);
        return ++failures;
    }

    /** Whether it has failed on the seat before. */
    boolean hasFailedOn(Seat seat) {
        return failedOn.contains(seat);
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
        order = order.sending();
        bytes = Wire.encodeOrder(order);
        holders.clear();
        ahead = false;
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
        return "tasks " + order.firstTask() + " to "
                + (order.firstTask() + order.specs().size() - 1);
    }
}
