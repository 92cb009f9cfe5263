package dev.kindling.driver.cluster;

import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Answer;
import dev.kindling.job.wire.Failure;
import dev.kindling.job.wire.WorkReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What links tell, in the order in which it came: filled by the transport's threads, read by the driver's. Thread-safe. */
public final class Inbox {
    /** Something that a link told. */
    public sealed interface Event {
        Link link();
    }

    /** An executor has connected and is authenticated. */
    public record Joined(Link link) implements Event {}

    /** It is still there, with so many threads that can work. */
    public record Present(Link link, int threads) implements Event {}

    /**
     * It has answered an order.
     *
     * @param shared version of the vector that the order named
     * @param firstTask of the order
     * @param bytes of the message
     * @param at when it had arrived, as {@link System#nanoTime}
     */
    public record Answered(Link link, long shared, int firstTask, Answer answer, int bytes, long at) implements Event {}

    /**
     * It has run an order and keeps the sums.
     *
     * @param shared version of the vector that the order named
     * @param reply without sums
     * @param bytes of the message
     * @param at when it had arrived, as {@link System#nanoTime}
     */
    public record Kept(Link link, long shared, WorkReply reply, int bytes, long at) implements Event {}

    /** It has not got a vector together, of which it was sent a slice. */
    public record Lacks(Link link, long version) implements Event {}

    /** It has folded a slice of the sums of the round with the given vector. */
    public record Folded(Link link, long shared, int slice, Storage sums, int bytes) implements Event {}

    /** It could not. */
    public record NotFolded(Link link, long shared, String why) implements Event {}

    /** It cannot open the job, and nobody could. */
    public record Refused(Link link, Failure failure) implements Event {}

    /** It is lost. */
    public record Lost(Link link) implements Event {}

    private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();

    /** Puts an event behind the others. */
    public void put(Event event) {
        events.add(event);
    }

    /** All events that nobody has taken. */
    List<Event> drain() {
        List<Event> rest = new ArrayList<>();
        events.drainTo(rest);
        return rest;
    }

    /** The next event, waiting for it no longer than the given time. */
    public Optional<Event> next(Duration patience) throws InterruptedException {
        return Optional.ofNullable(events.poll(patience.toNanos(), TimeUnit.NANOSECONDS));
    }
}
