package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.ExecutorConnection;
import dev.kindling.driver.cluster.ExecutorEvents;
import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.executor.Handshake;
import dev.kindling.job.executor.PeerKeys;
import dev.kindling.job.executor.PendingConnections;
import dev.kindling.job.executor.Transport;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.HandshakeMessage;
import dev.kindling.job.protocol.Peer;
import dev.kindling.job.protocol.PeerAccess;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.protocol.codec.ProtocolException;
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
final class DriverEndpoint extends RpcHandler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DriverEndpoint.class);
    private static final AttributeKey<Challenged> CHALLENGED = AttributeKey.valueOf("kindling.challenged");

    private final WorkerCredentials credentials;
    private final long largest;
    private final ExecutorEvents events;
    private final LongConsumer started;
    private final PendingConnections pending;
    /** Greetings of executors to which, for all that Spark has told so far, it has given nothing. */
    private final Map<Channel, PendingRegistration> early = new ConcurrentHashMap<>();

    private final Map<Channel, SparkExecutorConnection> connections = new ConcurrentHashMap<>();
    private final Map<String, SparkExecutorConnection> executors = new ConcurrentHashMap<>();
    private final OneForOneStreamManager noStreams = new OneForOneStreamManager();
    private final Transport transport;
    private final TransportServer server;
    private final String host;

    private record PendingRegistration(
            TransportClient client,
            HandshakeMessage.WorkerHello hello,
            String secret,
            byte[] bytes,
            RpcResponseCallback callback) {}

    /** A greeting that was answered with a challenge. */
    private record Challenged(
            HandshakeMessage.WorkerHello hello, WorkerCredentials.Attempt attempt, Handshake handshake) {}

    /** A connection that is authenticated. */
    private static final class SparkExecutorConnection implements ExecutorConnection {
        private final TransportClient client;
        private final WorkerCredentials.Attempt attempt;
        private final Optional<Peer> peer;
        private final byte[] sessionKey;
        /** By the executor that was given it. */
        private final Map<SparkExecutorConnection, PeerAccess> sealedAccess = new ConcurrentHashMap<>();

        SparkExecutorConnection(TransportClient client, Challenged greeting) {
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
        public PeerAccess peerAccessFor(ExecutorConnection other) {
            return sealedAccess.computeIfAbsent(
                    (SparkExecutorConnection) other,
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
     * @param events gets what they tell
     * @param started is told the ticket of each worker job that has started
     * @throws ClusterException if the port is taken
     */
    DriverEndpoint(
            SparkConf spark,
            ClusterSettings settings,
            WorkerCredentials credentials,
            long largest,
            ExecutorEvents events,
            LongConsumer started) {
        this(spark, settings, credentials, largest, events, started, PendingConnections.Limits.STANDARD);
    }

    /** With other limits of connections that are not authenticated. */
    DriverEndpoint(
            SparkConf spark,
            ClusterSettings settings,
            WorkerCredentials credentials,
            long largest,
            ExecutorEvents events,
            LongConsumer started,
            PendingConnections.Limits limits) {
        this.credentials = credentials;
        this.largest = largest;
        this.events = events;
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
                            + SparkErrors.first(e),
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
            if (connections.containsKey(channel) || early.containsKey(channel)) {
                drop(client, "a greeting out of turn");
            } else if (channel.hasAttr(CHALLENGED)) {
                admit(client, channel.attr(CHALLENGED).get(), bytes, callback);
            } else if (MessageCodec.decodeHandshake(bytes) instanceof HandshakeMessage.WorkerHello hello) {
                register(client, hello, bytes, callback);
            } else {
                drop(client, "what is no greeting of an executor");
            }
        } catch (ProtocolException e) {
            drop(client, SparkErrors.first(e));
        }
    }

    private void register(
            TransportClient client, HandshakeMessage.WorkerHello hello, byte[] bytes, RpcResponseCallback callback) {
        Optional<String> secret = credentials.secret(hello.workerJobId());
        if (secret.isEmpty()) {
            drop(client, "a greeting for worker job " + hello.workerJobId() + ", which does not run");
            return;
        }
        PendingRegistration registration = new PendingRegistration(client, hello, secret.get(), bytes, callback);
        early.put(client.getChannel(), registration);
        answer(registration);
    }

    /** Spark has told of another task: those who wait for that are answered, each on its connection's own thread. */
    private void answerEarly() {
        early.forEach((channel, registration) -> channel.eventLoop().execute(() -> answer(registration)));
    }

    private void answer(PendingRegistration registration) {
        HandshakeMessage.WorkerHello hello = registration.hello();
        Channel channel = registration.client().getChannel();
        Optional<WorkerCredentials.Attempt> attempt = credentials.attempt(hello.attempt());
        if (attempt.isEmpty() || !early.remove(channel, registration)) {
            return;
        }
        if (attempt.get().ticket() != hello.workerJobId()
                || !attempt.get().executor().equals(hello.executor())) {
            drop(
                    registration.client(),
                    "a greeting of another than executor "
                            + attempt.get().executor() + ", which Spark gave worker job "
                            + attempt.get().ticket());
            return;
        }
        Handshake handshake = Handshake.answering(transport.key(registration.secret()), registration.bytes());
        channel.attr(CHALLENGED).set(new Challenged(hello, attempt.get(), handshake));
        registration.callback().onSuccess(ByteBuffer.wrap(handshake.challenge()));
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
            SparkExecutorConnection link = new SparkExecutorConnection(client, greeting);
            if (executors.putIfAbsent(executor, link) != null) {
                drop(client, "a second connection of executor " + executor);
                return;
            }
            pending.authenticated(client.getChannel(), largest);
            connections.put(client.getChannel(), link);
            callback.onSuccess(ByteBuffer.allocate(0));
            events.put(new ExecutorEvents.ExecutorRegistered(link));
        }
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message) {
        long at = System.nanoTime();
        byte[] bytes = bytes(message);
        SparkExecutorConnection link = connections.get(client.getChannel());
        if (link == null) {
            drop(client, "a message without a greeting");
            return;
        }
        try {
            take(link, MessageCodec.decodeDriverMessage(bytes), bytes.length, at);
        } catch (ProtocolException e) {
            drop(client, SparkErrors.first(e));
        }
    }

    private static byte[] bytes(ByteBuffer message) {
        byte[] bytes = new byte[message.remaining()];
        message.get(bytes);
        return bytes;
    }

    private void take(SparkExecutorConnection link, DriverMessage message, int bytes, long at) {
        if (message instanceof DriverMessage.WorkerStarted workerStarted) {
            LOG.info(
                    "worker {} is executor {}'s, on {}",
                    workerStarted.workerJobId(),
                    link.name(),
                    workerStarted.device());
            started.accept(workerStarted.workerJobId());
        } else if (message instanceof DriverMessage.Heartbeat heartbeat) {
            events.put(new ExecutorEvents.Heartbeat(link, heartbeat.threads()));
        } else if (message instanceof DriverMessage.RangeCompleted completed) {
            events.put(new ExecutorEvents.RangeCompleted(
                    link, completed.shared(), completed.firstTask(), completed.outcome(), bytes, at));
        } else if (message instanceof DriverMessage.JobRejected jobRejected) {
            events.put(new ExecutorEvents.JobRejected(link, jobRejected.failure()));
        } else if (message instanceof DriverMessage.RangeRetained retained) {
            events.put(new ExecutorEvents.RangeRetained(link, retained.shared(), retained.result(), bytes, at));
        } else if (message instanceof DriverMessage.VectorMissing vectorMissing) {
            events.put(new ExecutorEvents.VectorMissing(link, vectorMissing.version()));
        } else if (message instanceof DriverMessage.ShardReduced reduced) {
            events.put(new ExecutorEvents.ShardReduced(link, reduced.shared(), reduced.shard(), reduced.sums(), bytes));
        } else if (message instanceof DriverMessage.ShardFailed failed) {
            events.put(new ExecutorEvents.ShardFailed(link, failed.shared(), failed.reason()));
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
        SparkExecutorConnection link = connections.remove(client.getChannel());
        if (link != null) {
            executors.remove(link.name(), link);
            connections.values().forEach(other -> other.sealedAccess.remove(link));
            events.put(new ExecutorEvents.ExecutorLost(link));
        }
    }

    @Override
    public void close() {
        server.close();
        pending.close();
        transport.context().close();
    }
}
