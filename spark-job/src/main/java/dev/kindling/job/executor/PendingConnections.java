package dev.kindling.job.executor;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Limits the connections of a server that are not authenticated yet, in total and per address. A connection beyond a limit
 * replaces the oldest one, so that idle connections cannot lock executors out. A connection is closed if it is not
 * authenticated before a deadline, and if it announces a frame longer than any handshake has or of a type
 * that clients do not send. Thread-safe.
 */
public final class PendingConnections implements TransportServerBootstrap, AutoCloseable {
    private static final AttributeKey<Entry> ENTRY = AttributeKey.valueOf("kindling.accepted-connection");

    private final Limits limits;
    private final RateLimitedLog log;
    private final LongAdder dropped = new LongAdder();
    /** Oldest first. */
    private final Map<Channel, Entry> pending = new LinkedHashMap<>();

    /**
     * The limits of connections that are not authenticated.
     *
     * @param connections maximum number in total
     * @param perAddress maximum number from one address
     * @param deadline for authentication, counted from the connection
     * @param frame bytes of the longest frame before authentication
     */
    public record Limits(int connections, int perAddress, Duration deadline, long frame) {
        /**
         * Workers connect one after the other and a handshake takes milliseconds; the frame is longer than any message of
         * Kindling's and of Spark's handshakes.
         */
        public static final Limits STANDARD = new Limits(256, 32, Duration.ofSeconds(15), 64 * 1024);
    }

    private record Entry(@Nullable InetAddress address, FrameSizeLimiter frames, Future<?> deadline) {}

    /**
     * No connections yet.
     *
     * @param log for dropped connections
     */
    public PendingConnections(Limits limits, Logger log) {
        this.limits = limits;
        this.log = new RateLimitedLog(log);
    }

    @Override
    public RpcHandler doBootstrap(Channel channel, RpcHandler handler) {
        FrameSizeLimiter frames =
                new FrameSizeLimiter(limits.frame(), FrameSizeLimiter.TO_SERVER, what -> drop(channel, what));
        channel.pipeline().addFirst(frames);
        Future<?> deadline = channel.eventLoop()
                .schedule(
                        () -> drop(channel, "a connection that was not authenticated in time"),
                        limits.deadline().toMillis(),
                        TimeUnit.MILLISECONDS);
        Entry entry = new Entry(address(channel), frames, deadline);
        channel.attr(ENTRY).set(entry);
        add(channel, entry)
                .forEach(oldest -> drop(oldest, "the oldest of too many connections that were not authenticated"));
        channel.closeFuture().addListener(closed -> remove(channel));
        return handler;
    }

    private static @Nullable InetAddress address(Channel channel) {
        return channel.remoteAddress() instanceof InetSocketAddress address ? address.getAddress() : null;
    }

    /** Adds a connection; returns those that it replaces. */
    private synchronized List<Channel> add(Channel channel, Entry entry) {
        List<Channel> evicted = new ArrayList<>();
        InetAddress address = entry.address();
        removeOldest(limits.perAddress(), each -> address != null && address.equals(each.address()))
                .ifPresent(evicted::add);
        removeOldest(limits.connections(), each -> true).ifPresent(evicted::add);
        pending.put(channel, entry);
        return evicted;
    }

    /** Removes the oldest connection that matches if the limit is reached. */
    private Optional<Channel> removeOldest(int limit, Predicate<Entry> matches) {
        List<Channel> all = pending.entrySet().stream()
                .filter(each -> matches.test(each.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        if (all.size() < limit) {
            return Optional.empty();
        }
        pending.remove(all.get(0));
        return Optional.of(all.get(0));
    }

    private void remove(Channel channel) {
        channel.attr(ENTRY).get().deadline().cancel(false);
        synchronized (this) {
            pending.remove(channel);
        }
    }

    /** Whether the server has accepted the connection, authenticated or not. */
    boolean hasAccepted(Channel channel) {
        return channel.hasAttr(ENTRY);
    }

    /** Marks a connection as authenticated; it may send frames of up to the given number of bytes. */
    public void authenticated(Channel channel, long frame) {
        remove(channel);
        channel.attr(ENTRY).get().frames().raise(frame);
    }

    /** Number of connections that are not authenticated. */
    public synchronized int count() {
        return pending.size();
    }

    /** Closes and counts a connection for the given reason. */
    public void drop(Channel channel, String reason) {
        dropped.increment();
        log.warn("dropped " + reason + ", from " + channel.remoteAddress());
        var unused = channel.close();
    }

    /** Number of dropped connections. */
    public long dropped() {
        return dropped.sum();
    }

    /** Logs how many warnings were suppressed. */
    @Override
    public void close() {
        log.close();
    }
}
