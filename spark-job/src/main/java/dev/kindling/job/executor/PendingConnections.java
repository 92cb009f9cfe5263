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
 * The connections of a server that are not authenticated yet. There may be so many of them, and so many from one address;
 * where one more comes the oldest is closed, so that strangers who only hold connections do not keep an executor out. Each is
 * closed when it is not authenticated in time, whatever it sends, and when it announces a frame longer than any that is due, or of a type that
 * is never due.
 * Thread-safe.
 */
public final class PendingConnections implements TransportServerBootstrap, AutoCloseable {
    private static final AttributeKey<Entry> ENTRY = AttributeKey.valueOf("kindling.accepted-connection");

    private final Limits limits;
    private final RateLimitedLog log;
    private final LongAdder dropped = new LongAdder();
    /** Oldest first. */
    private final Map<Channel, Entry> pending = new LinkedHashMap<>();

    /**
     * What strangers may have.
     *
     * @param connections that are not authenticated, at most
     * @param perAddress of these from one address, at most
     * @param deadline for authentication, from the connection on
     * @param frame bytes of the longest frame before authentication
     */
    public record Limits(int connections, int perAddress, Duration deadline, long frame) {
        /**
         * Workers connect one after the other, and a handshake takes milliseconds; a frame is longer than any greeting and
         * any handshake of Spark's.
         */
        public static final Limits STANDARD = new Limits(256, 32, Duration.ofSeconds(15), 64 * 1024);
    }

    private record Entry(@Nullable InetAddress address, FrameSizeLimiter frames, Future<?> deadline) {}

    /**
     * Of nobody yet.
     *
     * @param log where it says whom it dropped
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
        enter(channel, entry)
                .forEach(oldest -> drop(oldest, "the oldest of too many connections that were not authenticated"));
        channel.closeFuture().addListener(closed -> remove(channel));
        return handler;
    }

    private static @Nullable InetAddress address(Channel channel) {
        return channel.remoteAddress() instanceof InetSocketAddress address ? address.getAddress() : null;
    }

    /** Enters a connection; which ones make room for it. */
    private synchronized List<Channel> enter(Channel channel, Entry entry) {
        List<Channel> evicted = new ArrayList<>();
        InetAddress address = entry.address();
        takeOldest(limits.perAddress(), each -> address != null && address.equals(each.address()))
                .ifPresent(evicted::add);
        takeOldest(limits.connections(), each -> true).ifPresent(evicted::add);
        pending.put(channel, entry);
        return evicted;
    }

    /** Takes out the oldest of a kind where there are so many of it already. */
    private Optional<Channel> takeOldest(int limit, Predicate<Entry> kind) {
        List<Channel> all = pending.entrySet().stream()
                .filter(each -> kind.test(each.getValue()))
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

    /** Whether a connection is one that the server has accepted, authenticated or not. */
    boolean hasAccepted(Channel channel) {
        return channel.hasAttr(ENTRY);
    }

    /** A connection has been authenticated, and may send frames of so many bytes. */
    public void authenticated(Channel channel, long frame) {
        remove(channel);
        channel.attr(ENTRY).get().frames().raise(frame);
    }

    /** How many are not authenticated. */
    public synchronized int count() {
        return pending.size();
    }

    /** Closes a connection because of what it sent, or did not send. */
    public void drop(Channel channel, String what) {
        dropped.increment();
        log.warn("dropped " + what + ", from " + channel.remoteAddress());
        var unused = channel.close();
    }

    /** How many connections were dropped. */
    public long dropped() {
        return dropped.sum();
    }

    /** Says in the log what was left out of it. */
    @Override
    public void close() {
        log.close();
    }
}
