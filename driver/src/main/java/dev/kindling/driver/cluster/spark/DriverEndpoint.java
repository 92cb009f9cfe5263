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
 * The driver's server for persistent connections of executors, authenticated and encrypted by Spark if Spark is configured so.
 * In any case a connection begins with a {@link Handshake}: the executor must be the one to which Spark has assigned the
 * worker job that it names, must know that job's secret, and must have no other connection. Invalid bytes end their
 * connection, which is counted. Thread-safe.
 */
final class DriverEndpoint extends RpcHandler implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DriverEndpoint.class);
    private static final AttributeKey<Challenged> CHALLENGED = AttributeKey.valueOf("kindling.challenged");

    private final WorkerCredentials credentials;
    private final long largest;
    private final ExecutorEvents events;
    private final LongConsumer started;
    private final PendingConnections pending;
    /** Hellos of executors to which Spark has not reported an assigned worker job yet. */
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

    /** A hello that was answered with a challenge. */
    private record Challenged(
            HandshakeMessage.WorkerHello hello, WorkerCredentials.Attempt attempt, Handshake handshake) {}

    /** An authenticated connection. */
    private static final class SparkExecutorConnection implements ExecutorConnection {
        private final TransportClient client;
        private final WorkerCredentials.Attempt attempt;
        private final Optional<Peer> peer;
        private final byte[] sessionKey;
        /** Access of other executors to this one, sealed for each. */
        private final Map<SparkExecutorConnection, PeerAccess> sealedAccess = new ConcurrentHashMap<>();

        SparkExecutorConnection(TransportClient client, Challenged challenged) {
            this.client = client;
            this.attempt = challenged.attempt();
            this.peer = challenged.hello().peer();
            this.sessionKey = challenged.handshake().sessionKey();
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

        /** Created once for each pair. */
        @Override
        public PeerAccess peerAccessFor(ExecutorConnection other) {
            return sealedAccess.computeIfAbsent(
                    (SparkExecutorConnection) other,
                    client -> new PeerAccess(
                            peer.orElseThrow(), PeerKeys.seal(client.sessionKey, sessionKey, client.name())));
        }

        @Override
        public void send(byte[] message) {
            Transport.send(client, message);
        }

        @Override
        public void close() {
            client.close();
        }
    }

    /**
     * Opens the server.
     *
     * @param credentials of the run's worker jobs
     * @param largest bytes of the largest message of an executor
     * @param events receives their events
     * @param started called with the id of each worker job that has started
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

    /** As above, with limits of connections that are not authenticated. */
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
            // Netty throws BindException undeclared.
            transport.context().close();
            throw new ClusterException(
                    "the driver cannot accept connections at " + address + ":" + settings.port() + " (cluster.port): "
                            + SparkErrors.first(e),
                    e);
        }
    }

    /** Host name for executors. */
    String host() {
        return host;
    }

    /** Port for executors. */
    int port() {
        return server.getPort();
    }

    /** Number of dropped connections. */
    long dropped() {
        return pending.dropped();
    }

    /** Number of connections that are not authenticated. */
    int pending() {
        return pending.count();
    }

    /** Handles one step of a handshake. The transport delivers the messages of a connection one by one, on one thread. */
    @Override
    public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
        Channel channel = client.getChannel();
        byte[] bytes = bytes(message);
        try {
            if (connections.containsKey(channel) || early.containsKey(channel)) {
                drop(client, "an unexpected handshake");
            } else if (channel.hasAttr(CHALLENGED)) {
                authenticate(client, channel.attr(CHALLENGED).get(), bytes, callback);
            } else if (MessageCodec.decodeHandshake(bytes) instanceof HandshakeMessage.WorkerHello hello) {
                register(client, hello, bytes, callback);
            } else {
                drop(client, "bytes that are no hello of an executor");
            }
        } catch (ProtocolException e) {
            drop(client, SparkErrors.first(e));
        }
    }

    private void register(
            TransportClient client, HandshakeMessage.WorkerHello hello, byte[] bytes, RpcResponseCallback callback) {
        Optional<String> secret = credentials.secret(hello.workerJobId());
        if (secret.isEmpty()) {
            drop(client, "a hello for worker job " + hello.workerJobId() + ", which does not run");
            return;
        }
        PendingRegistration registration = new PendingRegistration(client, hello, secret.get(), bytes, callback);
        early.put(client.getChannel(), registration);
        answer(registration);
    }

    /** Spark has reported another task: answers waiting hellos, each on its connection's own thread. */
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
        if (attempt.get().workerJobId() != hello.workerJobId()
                || !attempt.get().executor().equals(hello.executor())) {
            drop(
                    registration.client(),
                    "a hello of another than executor "
                            + attempt.get().executor() + ", to which Spark has assigned worker job "
                            + attempt.get().workerJobId());
            return;
        }
        Handshake handshake = Handshake.answering(transport.key(registration.secret()), registration.bytes());
        channel.attr(CHALLENGED).set(new Challenged(hello, attempt.get(), handshake));
        registration.callback().onSuccess(ByteBuffer.wrap(handshake.challenge()));
    }

    private void authenticate(
            TransportClient client, Challenged challenged, byte[] bytes, RpcResponseCallback callback) {
        String executor = challenged.attempt().executor();
        if (!challenged.handshake().isProvedBy(bytes)) {
            drop(
                    client,
                    "a handshake without the proof of worker job "
                            + challenged.attempt().workerJobId() + ", which Spark has assigned to executor "
                            + executor);
        } else if (!credentials.use(challenged.hello().attempt())) {
            drop(
                    client,
                    "a second handshake for worker job " + challenged.attempt().workerJobId() + " of executor "
                            + executor);
        } else {
            SparkExecutorConnection connection = new SparkExecutorConnection(client, challenged);
            if (executors.putIfAbsent(executor, connection) != null) {
                drop(client, "a second connection of executor " + executor);
                return;
            }
            pending.authenticated(client.getChannel(), largest);
            connections.put(client.getChannel(), connection);
            callback.onSuccess(ByteBuffer.allocate(0));
            events.put(new ExecutorEvents.ExecutorRegistered(connection));
        }
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message) {
        long at = System.nanoTime();
        byte[] bytes = bytes(message);
        SparkExecutorConnection connection = connections.get(client.getChannel());
        if (connection == null) {
            drop(client, "a message before the handshake");
            return;
        }
        try {
            receive(connection, MessageCodec.decodeDriverMessage(bytes), bytes.length, at);
        } catch (ProtocolException e) {
            drop(client, SparkErrors.first(e));
        }
    }

    private static byte[] bytes(ByteBuffer message) {
        byte[] bytes = new byte[message.remaining()];
        message.get(bytes);
        return bytes;
    }

    private void receive(SparkExecutorConnection connection, DriverMessage message, int bytes, long arrived) {
        if (message instanceof DriverMessage.WorkerStarted worker) {
            // An executor may only report worker jobs that Spark has assigned to it.
            credentials.whenAssigned(worker.workerJobId(), connection.name(), () -> started(connection, worker));
        }
        events.put(new ExecutorEvents.MessageReceived(connection, message, bytes, arrived));
    }

    private void started(SparkExecutorConnection connection, DriverMessage.WorkerStarted worker) {
        LOG.info("worker {} runs on executor {}, on {}", worker.workerJobId(), connection.name(), worker.device());
        started.accept(worker.workerJobId());
    }

    private void drop(TransportClient client, String reason) {
        pending.drop(client.getChannel(), reason);
    }

    @Override
    public StreamManager getStreamManager() {
        return noStreams;
    }

    @Override
    public void channelInactive(TransportClient client) {
        early.remove(client.getChannel());
        SparkExecutorConnection connection = connections.remove(client.getChannel());
        if (connection != null) {
            executors.remove(connection.name(), connection);
            connections.values().forEach(other -> other.sealedAccess.remove(connection));
            events.put(new ExecutorEvents.ExecutorLost(connection));
        }
    }

    @Override
    public void close() {
        server.close();
        pending.close();
        transport.context().close();
    }
}
