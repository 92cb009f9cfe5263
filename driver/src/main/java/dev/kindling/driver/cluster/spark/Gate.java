package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.ClusterException;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.Inbox;
import dev.kindling.driver.cluster.Link;
import dev.kindling.job.executor.FrameLimit;
import dev.kindling.job.executor.Transport;
import dev.kindling.job.wire.Peer;
import dev.kindling.job.wire.ToDriver;
import dev.kindling.job.wire.Wire;
import dev.kindling.job.wire.WireException;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;
import org.apache.spark.network.server.TransportServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where executors connect to the driver. Authenticated and encrypted when Spark is; in any case a connection must begin
 * with the run's token. What is no message is dropped and counted, and ends its connection. Thread-safe.
 */
final class Gate extends RpcHandler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Gate.class);
    /** More than a greeting and any handshake of Spark's; nothing else is due before the token. */
    private static final long LARGEST_UNGREETED = 64 * 1024;

    private static final Duration GREETING = Duration.ofSeconds(30);

    private static final AttributeKey<FrameLimit> LIMIT = AttributeKey.valueOf("kindling.frame-limit");

    private final String token;
    private final long largest;
    private final Inbox inbox;
    private final LongConsumer started;
    private final Map<Channel, SparkLink> links = new ConcurrentHashMap<>();
    private final LongAdder malformed = new LongAdder();
    private final OneForOneStreamManager noStreams = new OneForOneStreamManager();
    private final Transport transport;
    private final TransportServer server;
    private final String host;

    /** A connection that has shown the token. */
    private record SparkLink(TransportClient client, String name, Optional<Peer> peer) implements Link {
        @Override
        public void send(byte[] message) {
            client.send(ByteBuffer.wrap(message));
        }

        @Override
        public void close() {
            client.close();
        }
    }

    /**
     * Opens the gate.
     *
     * @param token that lets workers in
     * @param largest message of a worker, in bytes
     * @param inbox gets what they tell
     * @param started is told the ticket of each worker job that has started
     * @throws ClusterException if the port is taken
     */
    Gate(SparkConf spark, ClusterSettings settings, String token, long largest, Inbox inbox, LongConsumer started) {
        this.token = token;
        this.largest = largest;
        this.inbox = inbox;
        this.started = started;
        this.host = spark.get("spark.driver.host");
        this.transport = new Transport(spark, SparkEnv.get().securityManager(), this);
        String address = spark.get("spark.driver.bindAddress", host);
        try {
            this.server = transport
                    .context()
                    .createServer(address, settings.port(), transport.serverBootstraps(List.of(this::limitFrames)));
        } catch (Exception e) {
            // A BindException comes undeclared through Netty.
            transport.context().close();
            throw new ClusterException(
                    "the driver cannot take connections at " + address + ":" + settings.port() + " (cluster.port): "
                            + Sentences.first(e),
                    e);
        }
    }

    private RpcHandler limitFrames(Channel channel, RpcHandler handler) {
        FrameLimit limit = new FrameLimit(LARGEST_UNGREETED, length -> count("a frame of " + length + " bytes"));
        channel.pipeline().addFirst(limit);
        channel.attr(LIMIT).set(limit);
        var unused =
                channel.eventLoop().schedule(() -> closeUngreeted(channel), GREETING.toMillis(), TimeUnit.MILLISECONDS);
        return handler;
    }

    /** Who says nothing shall not hold a connection for ever. */
    private void closeUngreeted(Channel channel) {
        if (channel.isActive() && !links.containsKey(channel)) {
            count("a connection without a greeting");
            var unused = channel.close();
        }
    }

    /** Where executors find it. */
    String host() {
        return host;
    }

    /** Where executors find it. */
    int port() {
        return server.getPort();
    }

    /** How many messages were dropped that were none. */
    long malformed() {
        return malformed.sum();
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message) {
        long at = System.nanoTime();
        byte[] bytes = new byte[message.remaining()];
        message.get(bytes);
        try {
            take(client, Wire.decodeToDriver(bytes), bytes.length, at);
        } catch (WireException e) {
            drop(client, Sentences.first(e));
        }
    }

    private void take(TransportClient client, ToDriver message, int bytes, long at) {
        SparkLink link = links.get(client.getChannel());
        if (message instanceof ToDriver.Hello hello && link == null) {
            greet(client, hello);
        } else if (link == null || message instanceof ToDriver.Hello) {
            drop(client, "a message out of turn");
        } else if (message instanceof ToDriver.Lent lent) {
            LOG.info("worker {} is executor {}'s, on {}", lent.ticket(), link.name(), lent.device());
            started.accept(lent.ticket());
        } else if (message instanceof ToDriver.Present present) {
            inbox.put(new Inbox.Present(link, present.threads()));
        } else if (message instanceof ToDriver.Answered answered) {
            inbox.put(new Inbox.Answered(link, answered.shared(), answered.firstTask(), answered.answer(), bytes, at));
        } else if (message instanceof ToDriver.Refused refused) {
            inbox.put(new Inbox.Refused(link, refused.failure()));
        } else if (message instanceof ToDriver.Kept kept) {
            inbox.put(new Inbox.Kept(link, kept.shared(), kept.reply(), bytes, at));
        } else if (message instanceof ToDriver.Lacks lacks) {
            inbox.put(new Inbox.Lacks(link, lacks.version()));
        } else if (message instanceof ToDriver.Folded folded) {
            inbox.put(new Inbox.Folded(link, folded.shared(), folded.slice(), folded.sums(), bytes));
        } else if (message instanceof ToDriver.NotFolded failed) {
            inbox.put(new Inbox.NotFolded(link, failed.shared(), failed.why()));
        }
    }

    private void greet(TransportClient client, ToDriver.Hello hello) {
        byte[] shown = hello.token().getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(shown, token.getBytes(StandardCharsets.UTF_8))) {
            drop(client, "a greeting without the run's token");
            return;
        }
        client.getChannel().attr(LIMIT).get().raise(largest);
        SparkLink link = new SparkLink(client, hello.executor(), hello.peer());
        links.put(client.getChannel(), link);
        inbox.put(new Inbox.Joined(link));
    }

    private void drop(TransportClient client, String what) {
        count(what + " from " + client.getSocketAddress());
        client.close();
    }

    private void count(String what) {
        malformed.increment();
        LOG.warn("dropped {}", what);
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
        drop(client, "a call");
        callback.onFailure(new UnsupportedOperationException("messages go one way here"));
    }

    @Override
    public StreamManager getStreamManager() {
        return noStreams;
    }

    @Override
    public void channelInactive(TransportClient client) {
        SparkLink link = links.remove(client.getChannel());
        if (link != null) {
            inbox.put(new Inbox.Lost(link));
        }
    }

    @Override
    public void close() {
        server.close();
        transport.context().close();
    }
}
