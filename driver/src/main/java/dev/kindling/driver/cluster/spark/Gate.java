package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.ClusterException;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.Inbox;
import dev.kindling.driver.cluster.Link;
import dev.kindling.job.executor.Handshake;
import dev.kindling.job.executor.PeerKeys;
import dev.kindling.job.executor.PendingConnections;
import dev.kindling.job.executor.Transport;
import dev.kindling.job.wire.HandshakeMessage;
import dev.kindling.job.wire.Peer;
import dev.kindling.job.wire.PeerAccess;
import dev.kindling.job.wire.ToDriver;
import dev.kindling.job.wire.Wire;
import dev.kindling.job.wire.WireException;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
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
 * The driver's server for resident workers. Authenticated and encrypted by Spark where that is on. In any case a connection
 * begins with a {@link Handshake}: the executor must be the one to which Spark gave the worker job that it names, must know
 * that job's secret, and must have no other connection. What is no message is dropped and counted, and ends its connection.
 * Thread-safe.
 */
final class Gate extends RpcHandler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Gate.class);
    private static final AttributeKey<Challenged> CHALLENGED = AttributeKey.valueOf("kindling.challenged");

    private final WorkerCredentials credentials;
    private final long largest;
    private final Inbox inbox;
    private final LongConsumer started;
    private final PendingConnections pending;
    /** Greetings of executors to which, for all that Spark has told so far, it has given nothing. */
    private final Map<Channel, Greeting> early = new ConcurrentHashMap<>();

    private final Map<Channel, SparkLink> links = new ConcurrentHashMap<>();
    private final Map<String, SparkLink> executors = new ConcurrentHashMap<>();
    private final OneForOneStreamManager noStreams = new OneForOneStreamManager();
    private final Transport transport;
    private final TransportServer server;
    private final String host;

    private record Greeting(
            TransportClient client,
            HandshakeMessage.WorkerHello hello,
            String secret,
            byte[] bytes,
            RpcResponseCallback callback) {}

    /** A greeting that was answered with a challenge. */
    private record Challenged(
            HandshakeMessage.WorkerHello hello, WorkerCredentials.Attempt attempt, Handshake handshake) {}

    /** A connection that is authenticated. */
    private static final class SparkLink implements Link {
        private final TransportClient client;
        private final WorkerCredentials.Attempt attempt;
        private final Optional<Peer> peer;
        private final byte[] sessionKey;
        /** By the executor that was given it. */
        private final Map<SparkLink, PeerAccess> given = new ConcurrentHashMap<>();

        SparkLink(TransportClient client, Challenged greeting) {
            this.client = client;
            this.attempt = greeting.attempt();
            this.peer = greeting.hello().peer();
            this.sessionKey = greeting.handshake().sessionKey();
        }

        @Override
        public String name() {
            return attempt.executor();
        }

        @Override
        public String host() {
            return attempt.host();
        }

        @Override
        public Optional<Peer> peer() {
            return peer;
        }

        /** Made once for each pair. */
        @Override
        public PeerAccess accessFor(Link other) {
            return given.computeIfAbsent(
                    (SparkLink) other,
                    asker -> new PeerAccess(
                            peer.orElseThrow(), PeerKeys.seal(asker.sessionKey, sessionKey, asker.name())));
        }

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
     * Opens the port.
     *
     * @param credentials of the run's worker jobs
     * @param largest message of a worker, in bytes
     * @param inbox gets what they tell
     * @param started is told the ticket of each worker job that has started
     * @throws ClusterException if the port is taken
     */
    Gate(
            SparkConf spark,
            ClusterSettings settings,
            WorkerCredentials credentials,
            long largest,
            Inbox inbox,
            LongConsumer started) {
        this(spark, settings, credentials, largest, inbox, started, PendingConnections.Limits.STANDARD);
    }

    /** With other limits of connections that are not authenticated. */
    Gate(
            SparkConf spark,
            ClusterSettings settings,
            WorkerCredentials credentials,
            long largest,
            Inbox inbox,
            LongConsumer started,
            PendingConnections.Limits limits) {
        this.credentials = credentials;
        this.largest = largest;
        this.inbox = inbox;
        this.started = started;
        this.pending = new PendingConnections(limits, LOG);
        this.host = spark.get("spark.driver.host");
        this.transport = new Transport(spark, SparkEnv.get().securityManager(), this);
        credentials.whenBegun(this::answerEarly);
        String address = spark.get("spark.driver.bindAddress", host);
        try {
            this.server = transport
                    .context()
                    .createServer(address, settings.port(), transport.serverBootstraps(List.of(pending)));
        } catch (Exception e) {
            // A BindException comes undeclared through Netty.
            transport.context().close();
            throw new ClusterException(
                    "the driver cannot take connections at " + address + ":" + settings.port() + " (cluster.port): "
                            + Sentences.first(e),
                    e);
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

    /** How many connections were dropped for what came over them, or did not come. */
    long dropped() {
        return pending.dropped();
    }

    /** How many connections are not authenticated. */
    int pending() {
        return pending.count();
    }

    /** A step of a handshake. The transport takes the messages of a connection one after the other, on one thread. */
    @Override
    public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
        Channel channel = client.getChannel();
        byte[] bytes = bytes(message);
        try {
            if (links.containsKey(channel) || early.containsKey(channel)) {
                drop(client, "a greeting out of turn");
            } else if (channel.hasAttr(CHALLENGED)) {
                admit(client, channel.attr(CHALLENGED).get(), bytes, callback);
            } else if (Wire.decodeHandshake(bytes) instanceof HandshakeMessage.WorkerHello hello) {
                greet(client, hello, bytes, callback);
            } else {
                drop(client, "what is no greeting of an executor");
            }
        } catch (WireException e) {
            drop(client, Sentences.first(e));
        }
    }

    private void greet(
            TransportClient client, HandshakeMessage.WorkerHello hello, byte[] bytes, RpcResponseCallback callback) {
        Optional<String> secret = credentials.secret(hello.ticket());
        if (secret.isEmpty()) {
            drop(client, "a greeting for worker job " + hello.ticket() + ", which does not run");
            return;
        }
        Greeting greeting = new Greeting(client, hello, secret.get(), bytes, callback);
        early.put(client.getChannel(), greeting);
        answer(greeting);
    }

    /** Spark has told of another task: those who wait for that are answered, each on its connection's own thread. */
    private void answerEarly() {
        early.forEach((channel, greeting) -> channel.eventLoop().execute(() -> answer(greeting)));
    }

    private void answer(Greeting greeting) {
        HandshakeMessage.WorkerHello hello = greeting.hello();
        Channel channel = greeting.client().getChannel();
        Optional<WorkerCredentials.Attempt> attempt = credentials.attempt(hello.attempt());
        if (attempt.isEmpty() || !early.remove(channel, greeting)) {
            return;
        }
        if (attempt.get().ticket() != hello.ticket()
                || !attempt.get().executor().equals(hello.executor())) {
            drop(
                    greeting.client(),
                    "a greeting of another than executor "
                            + attempt.get().executor() + ", which Spark gave worker job "
                            + attempt.get().ticket());
            return;
        }
        Handshake handshake = Handshake.answering(transport.key(greeting.secret()), greeting.bytes());
        channel.attr(CHALLENGED).set(new Challenged(hello, attempt.get(), handshake));
        greeting.callback().onSuccess(ByteBuffer.wrap(handshake.challenge()));
    }

    private void admit(TransportClient client, Challenged greeting, byte[] bytes, RpcResponseCallback callback) {
        String executor = greeting.attempt().executor();
        if (!greeting.handshake().isProvedBy(bytes)) {
            drop(
                    client,
                    "a greeting without the proof of worker job "
                            + greeting.attempt().ticket() + ", which Spark gave executor " + executor);
        } else if (!credentials.use(greeting.hello().attempt())) {
            drop(
                    client,
                    "a second greeting for worker job " + greeting.attempt().ticket() + " of executor " + executor);
        } else {
            SparkLink link = new SparkLink(client, greeting);
            if (executors.putIfAbsent(executor, link) != null) {
                drop(client, "a second connection of executor " + executor);
                return;
            }
            pending.authenticated(client.getChannel(), largest);
            links.put(client.getChannel(), link);
            callback.onSuccess(ByteBuffer.allocate(0));
            inbox.put(new Inbox.Joined(link));
        }
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message) {
        long at = System.nanoTime();
        byte[] bytes = bytes(message);
        SparkLink link = links.get(client.getChannel());
        if (link == null) {
            drop(client, "a message without a greeting");
            return;
        }
        try {
            take(link, Wire.decodeToDriver(bytes), bytes.length, at);
        } catch (WireException e) {
            drop(client, Sentences.first(e));
        }
    }

    private static byte[] bytes(ByteBuffer message) {
        byte[] bytes = new byte[message.remaining()];
        message.get(bytes);
        return bytes;
    }

    private void take(SparkLink link, ToDriver message, int bytes, long at) {
        if (message instanceof ToDriver.Lent lent) {
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

    private void drop(TransportClient client, String what) {
        pending.drop(client.getChannel(), what);
    }

    @Override
    public StreamManager getStreamManager() {
        return noStreams;
    }

    @Override
    public void channelInactive(TransportClient client) {
        early.remove(client.getChannel());
        SparkLink link = links.remove(client.getChannel());
        if (link != null) {
            executors.remove(link.name(), link);
            links.values().forEach(other -> other.given.remove(link));
            inbox.put(new Inbox.Lost(link));
        }
    }

    @Override
    public void close() {
        server.close();
        pending.close();
        transport.context().close();
    }
}
