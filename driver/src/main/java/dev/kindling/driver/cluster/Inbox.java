package dev.kindling.driver.cluster;

import dev.kindling.job.wire.Answer;
import dev.kindling.job.wire.Failure;
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

    /** A worker has connected and shown the run's token. */
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
