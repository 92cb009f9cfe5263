package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.RangeOutcome;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.tensor.FlatVector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What links tell, in the order in which it came: filled by the transport's threads, read by the driver's. Thread-safe. */
public final class ExecutorEvents {
    /** Something that a link told. */
    public sealed interface Event {
        ExecutorConnection connection();
    }

    /** An executor has connected and is authenticated. */
    public record ExecutorRegistered(ExecutorConnection connection) implements Event {}

    /** It is still there, with so many threads that can work. */
    public record Heartbeat(ExecutorConnection connection, int threads) implements Event {}

    /**
     * It has answered an order.
     *
     * @param shared version of the vector that the order named
     * @param firstTask of the order
     * @param bytes of the message
     * @param at when it had arrived, as {@link System#nanoTime}
     */
    public record RangeCompleted(
            ExecutorConnection connection, long shared, int firstTask, RangeOutcome outcome, int bytes, long at)
            implements Event {}

    /**
     * It has run an order and keeps the sums.
     *
     * @param shared version of the vector that the order named
     * @param result without sums
     * @param bytes of the message
     * @param at when it had arrived, as {@link System#nanoTime}
     */
    public record RangeRetained(ExecutorConnection connection, long shared, RangeResult result, int bytes, long at)
            implements Event {}

    /** It has not got a vector together, of which it was sent a slice. */
    public record VectorMissing(ExecutorConnection connection, long version) implements Event {}

    /** It has folded a slice of the sums of the round with the given vector. */
    public record ShardReduced(ExecutorConnection connection, long shared, int shard, FlatVector sums, int bytes)
            implements Event {}

    /** It could not. */
    public record ShardFailed(ExecutorConnection connection, long shared, String reason) implements Event {}

    /** It cannot open the job, and nobody could. */
    public record JobRejected(ExecutorConnection connection, Failure failure) implements Event {}

    /** It is lost. */
    public record ExecutorLost(ExecutorConnection connection) implements Event {}

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
