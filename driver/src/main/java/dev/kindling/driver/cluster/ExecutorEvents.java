package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.DriverMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A queue of the events of executors in the order of their arrival, filled by the transport's threads and read by the
 * driver's thread. Thread-safe.
 */
public final class ExecutorEvents {
    /** An event of one executor. */
    public sealed interface Event {
        ExecutorConnection connection();
    }

    /** An executor has connected and is authenticated. */
    public record ExecutorRegistered(ExecutorConnection connection) implements Event {}

    /**
     * An executor has sent a message.
     *
     * @param bytes of the encoded message
     * @param arrived time of arrival, as {@link System#nanoTime}
     */
    public record MessageReceived(ExecutorConnection connection, DriverMessage message, int bytes, long arrived)
            implements Event {}

    /** The connection of an executor has ended. */
    public record ExecutorLost(ExecutorConnection connection) implements Event {}

    private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();

    /** Appends an event. */
    public void put(Event event) {
        events.add(event);
    }

    /** Removes and returns all events. */
    List<Event> drain() {
        List<Event> rest = new ArrayList<>();
        events.drainTo(rest);
        return rest;
    }

    /** Removes and returns the next event, waiting for it no longer than the given time. */
    public Optional<Event> next(Duration timeout) throws InterruptedException {
        return Optional.ofNullable(events.poll(timeout.toNanos(), TimeUnit.NANOSECONDS));
    }
}
