package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.ExecutorEvents;
import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.executor.Handshake;
import dev.kindling.job.executor.PendingConnections;
import dev.kindling.job.executor.Transport;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.HandshakeMessage;
import dev.kindling.job.protocol.Peer;
import dev.kindling.job.protocol.codec.MessageCodec;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.server.NoOpRpcHandler;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The connections and messages that the driver accepts and refuses. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DriverEndpointTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long LARGEST = 1 << 20;
    /** Limits with a deadline that only tests with other limits reach. */
    private static final PendingConnections.Limits FEW =
            new PendingConnections.Limits(20, 8, Duration.ofMinutes(1), 64 * 1024);

    /** A worker job, the Spark task that runs it, and the executor to which Spark has assigned it. */
    private static final long WORKER_JOB = 3;

    private static final long TASK = 30;
    private static final String EXECUTOR = "7";

    private final CopyOnWriteArrayList<Long> started = new CopyOnWriteArrayList<>();
    private SparkApplication spark;
    private ExecutorEvents events;
    private WorkerCredentials credentials;
    private String secret;
    private DriverEndpoint endpoint;
    private Transport transport;
    private TransportClientFactory clients;

    @BeforeAll
    void start() {
        spark = SparkApplication.start("test", Optional.of("local[1]"));
    }

    @AfterAll
    void stop() {
        spark.close();
    }

    private static ClusterSettings settings(int port) {
        return new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, Duration.ofSeconds(60), port);
    }

    @BeforeEach
    void open() {
        SparkConf conf = spark.context().getConf();
        started.clear();
        transport = new Transport(conf, SparkEnv.get().securityManager(), new NoOpRpcHandler());
        clients = transport.context().createClientFactory();
        open(FEW);
    }

    private void open(PendingConnections.Limits limits) {
        events = new ExecutorEvents();
        credentials = new WorkerCredentials();
        secret = credentials.issue(WORKER_JOB);
        credentials.begun(TASK, new WorkerCredentials.Attempt(WORKER_JOB, EXECUTOR, "a-host"));
        endpoint = new DriverEndpoint(
                spark.context().getConf(), settings(0), credentials, LARGEST, events, started::add, limits);
    }

    private void openAgain(PendingConnections.Limits limits) {
        endpoint.close();
        open(limits);
    }

    @AfterEach
    void close() {
        clients.close();
        transport.context().close();
        endpoint.close();
    }

    private TransportClient connect() throws IOException, InterruptedException {
        return clients.createUnmanagedClient(endpoint.host(), endpoint.port());
    }

    private static HandshakeMessage.WorkerHello hello(long workerJobId, long task, String executor) {
        return new HandshakeMessage.WorkerHello(workerJobId, task, executor, Handshake.random(), Optional.empty());
    }

    private Handshake authenticate(TransportClient client, HandshakeMessage.WorkerHello hello, String known)
            throws IOException {
        Handshake handshake = Handshake.begin(client, HexFormat.of().parseHex(known), hello);
        handshake.prove(client);
        return handshake;
    }

    /** A connection that is authenticated as the executor. */
    private TransportClient authenticated() throws IOException, InterruptedException {
        TransportClient client = connect();
        authenticate(client, hello(WORKER_JOB, TASK, EXECUTOR), secret);
        next(ExecutorEvents.ExecutorRegistered.class);
        return client;
    }

    private static byte[] call(TransportClient client, byte[] message) {
        return client.sendRpcSync(ByteBuffer.wrap(message), PATIENCE.toMillis()).array();
    }

    private static void send(TransportClient client, DriverMessage message) {
        client.send(ByteBuffer.wrap(MessageCodec.encodeDriverMessage(message)));
    }

    private <T extends ExecutorEvents.Event> T next(Class<T> type) throws InterruptedException {
        Optional<ExecutorEvents.Event> event = events.next(PATIENCE);
        assertThat(event).containsInstanceOf(type);
        return type.cast(event.orElseThrow());
    }

    private DriverMessage nextMessage() throws InterruptedException {
        return next(ExecutorEvents.MessageReceived.class).message();
    }

    private void assertDropped(TransportClient client) throws InterruptedException {
        while (client.isActive()) {
            Thread.sleep(5);
        }
        assertThat(endpoint.dropped()).isEqualTo(1);
    }

    /** Asserts that the connection was dropped for the given reason. */
    private void assertRefused(TransportClient client, LogLines log, String why) throws InterruptedException {
        assertDropped(client);
        assertThat(events.next(Duration.ZERO)).isEmpty();
        assertThat(log.lines()).anyMatch(line -> line.contains("WARN dropped " + why));
    }

    @Test
    void messagesOfAnAuthenticatedExecutorAreReceived() throws Exception {
        TransportClient client = connect();
        authenticate(client, hello(WORKER_JOB, TASK, EXECUTOR), secret);
        send(client, new DriverMessage.WorkerStarted(WORKER_JOB, "the processor"));
        send(client, new DriverMessage.Heartbeat(2));
        ExecutorEvents.ExecutorRegistered registered = next(ExecutorEvents.ExecutorRegistered.class);
        assertThat(registered.connection().name()).isEqualTo(EXECUTOR);
        assertThat(registered.connection().host()).isEqualTo("a-host");
        assertThat(nextMessage()).isInstanceOf(DriverMessage.WorkerStarted.class);
        assertThat(nextMessage()).isEqualTo(new DriverMessage.Heartbeat(2));
        assertThat(started).containsExactly(WORKER_JOB);
        client.close();
        assertThat(next(ExecutorEvents.ExecutorLost.class).connection().name()).isEqualTo(EXECUTOR);
        assertThat(endpoint.dropped()).isZero();
        assertThat(endpoint.pending()).isZero();
    }

    @Test
    void anExecutorWithoutTheSecretOfItsWorkerJobIsRefused() throws Exception {
        String other = credentials.issue(4);
        TransportClient client = connect();
        assertThatThrownBy(() -> authenticate(client, hello(WORKER_JOB, TASK, EXECUTOR), other))
                .as("nor is the driver taken for the run's")
                .hasMessageContaining("does not know this run's secret");
        try (LogLines log = new LogLines()) {
            byte[] proof = MessageCodec.encodeHandshake(new HandshakeMessage.Proof(Handshake.random()));
            assertThatThrownBy(() -> call(client, proof)).hasMessageContaining("closed");
            assertRefused(
                    client,
                    log,
                    "a handshake without the proof of worker job 3, which Spark has assigned to executor 7");
        }
    }

    @Test
    void anExecutorToWhichSparkHasAssignedNoWorkerJobIsRefused() throws Exception {
        TransportClient client = connect();
        try (LogLines log = new LogLines()) {
            assertThatThrownBy(() -> authenticate(client, hello(WORKER_JOB, TASK, "8"), secret))
                    .isInstanceOf(IOException.class);
            assertRefused(client, log, "a hello of another than executor 7, to which Spark has assigned worker job 3");
        }
    }

    @Test
    void anExecutorCannotConnectForTheWorkerJobOfAnother() throws Exception {
        String other = credentials.issue(4);
        credentials.begun(40, new WorkerCredentials.Attempt(4, "8", "b-host"));
        TransportClient client = connect();
        try (LogLines log = new LogLines()) {
            // The secret and the Spark task are right, each by itself.
            assertThatThrownBy(() -> authenticate(client, hello(4, TASK, EXECUTOR), other))
                    .isInstanceOf(IOException.class);
            assertRefused(client, log, "a hello of another than executor 7");
        }
    }

    @Test
    void aConnectionForAWorkerJobThatHasEndedIsRefused() throws Exception {
        credentials.revoke(WORKER_JOB);
        TransportClient client = connect();
        try (LogLines log = new LogLines()) {
            assertThatThrownBy(() -> authenticate(client, hello(WORKER_JOB, TASK, EXECUTOR), secret))
                    .isInstanceOf(IOException.class);
            assertRefused(client, log, "a hello for worker job 3, which does not run");
        }
    }

    @Test
    void aSecondConnectionOfAnExecutorIsRefused() throws Exception {
        TransportClient first = authenticated();
        String other = credentials.issue(4);
        credentials.begun(40, new WorkerCredentials.Attempt(4, EXECUTOR, "a-host"));
        TransportClient second = connect();
        try (LogLines log = new LogLines()) {
            assertThatThrownBy(() -> authenticate(second, hello(4, 40, EXECUTOR), other))
                    .isInstanceOf(IOException.class);
            assertRefused(second, log, "a second connection of executor 7");
        }
        assertThat(first.isActive()).isTrue();
    }

    @Test
    void anExecutorCannotReportTheStartOfAWorkerJobThatSparkHasAssignedToAnother() throws Exception {
        TransportClient client = authenticated();
        long pending = 4;
        credentials.issue(pending);
        send(client, new DriverMessage.WorkerStarted(pending, "the processor"));
        send(client, new DriverMessage.WorkerStarted(WORKER_JOB, "the processor"));
        nextMessage();
        nextMessage();
        assertThat(started).containsExactly(WORKER_JOB);
        credentials.begun(41, new WorkerCredentials.Attempt(pending, "8", "b-host"));
        assertThat(started).containsExactly(WORKER_JOB);
    }

    @Test
    void aWorkerJobThatStartsBeforeSparkReportsItIsCountedWhenSparkDoes() throws Exception {
        TransportClient client = authenticated();
        credentials.issue(4);
        send(client, new DriverMessage.WorkerStarted(4, "the processor"));
        nextMessage();
        assertThat(started).isEmpty();
        credentials.begun(41, new WorkerCredentials.Attempt(4, EXECUTOR, "a-host"));
        assertThat(started).containsExactly(4L);
    }

    @Test
    void aWorkerJobMayOpenOneConnection() throws Exception {
        authenticated().close();
        next(ExecutorEvents.ExecutorLost.class);
        TransportClient second = connect();
        try (LogLines log = new LogLines()) {
            assertThatThrownBy(() -> authenticate(second, hello(WORKER_JOB, TASK, EXECUTOR), secret))
                    .isInstanceOf(IOException.class);
            assertRefused(second, log, "a second handshake for worker job 3 of executor 7");
        }
    }

    @Test
    void aWorkerJobThatSparkRetriesMayOpenAnotherConnection() throws Exception {
        authenticated().close();
        next(ExecutorEvents.ExecutorLost.class);
        credentials.ended(TASK);
        credentials.begun(31, new WorkerCredentials.Attempt(WORKER_JOB, "8", "b-host"));
        authenticate(connect(), hello(WORKER_JOB, 31, "8"), secret);
        assertThat(next(ExecutorEvents.ExecutorRegistered.class).connection().name())
                .isEqualTo("8");
        assertThat(endpoint.dropped()).isZero();
    }

    @Test
    void aReplayedHandshakeIsRefused() throws Exception {
        List<byte[]> sent = new ArrayList<>();
        try (Recorder wire = new Recorder(endpoint.port(), sent)) {
            TransportClient client = clients.createUnmanagedClient("localhost", wire.port());
            authenticate(client, hello(WORKER_JOB, TASK, EXECUTOR), secret);
            next(ExecutorEvents.ExecutorRegistered.class);
            client.close();
            next(ExecutorEvents.ExecutorLost.class);
        }
        // As if Spark had run it anew, so that nothing but the nonce is against it.
        credentials.ended(TASK);
        credentials.begun(TASK, new WorkerCredentials.Attempt(WORKER_JOB, EXECUTOR, "a-host"));
        try (LogLines log = new LogLines();
                Socket socket = new Socket(endpoint.host(), endpoint.port())) {
            socket.getOutputStream().write(sent.get(0));
            byte[] rest = socket.getInputStream().readAllBytes();
            assertThat(rest).as("the challenge, and no more").hasSizeBetween(100, 400);
            assertThat(events.next(Duration.ZERO)).isEmpty();
            assertThat(log.lines()).anyMatch(line -> line.contains("dropped a handshake without the proof"));
        }
    }

    @Test
    void neitherSecretsNorTheKeysOfPeersTravelOverConnections() throws Exception {
        String other = credentials.issue(4);
        credentials.begun(40, new WorkerCredentials.Attempt(4, "8", "b-host"));
        List<byte[]> sent = new ArrayList<>();
        byte[] sessionKey;
        try (Recorder wire = new Recorder(endpoint.port(), sent)) {
            TransportClient client = clients.createUnmanagedClient("localhost", wire.port());
            Optional<Peer> peer = Optional.of(new Peer("a-host", 5));
            sessionKey = authenticate(
                            client,
                            new HandshakeMessage.WorkerHello(WORKER_JOB, TASK, EXECUTOR, Handshake.random(), peer),
                            secret)
                    .sessionKey();
            ExecutorEvents.ExecutorRegistered first = next(ExecutorEvents.ExecutorRegistered.class);
            authenticate(clients.createUnmanagedClient("localhost", wire.port()), hello(4, 40, "8"), other);
            ExecutorEvents.ExecutorRegistered second = next(ExecutorEvents.ExecutorRegistered.class);
            first.connection()
                    .send(first.connection()
                            .peerAccessFor(second.connection())
                            .sealedKey()
                            .getBytes(StandardCharsets.UTF_8));
            second.connection().close();
            next(ExecutorEvents.ExecutorLost.class);
            first.connection().close();
            next(ExecutorEvents.ExecutorLost.class);
        }
        assertThat(sent).hasSize(4);
        String all = sent.stream()
                .map(bytes -> new String(bytes, StandardCharsets.ISO_8859_1))
                .reduce("", String::concat);
        assertThat(all).contains("a-host");
        for (String confidential : List.of(secret, other, HexFormat.of().formatHex(sessionKey))) {
            String raw = new String(HexFormat.of().parseHex(confidential), StandardCharsets.ISO_8859_1);
            assertThat(all).doesNotContain(confidential).doesNotContain(raw);
        }
    }

    @Test
    void aHelloThatArrivesBeforeSparkReportsItsTaskWaits() throws Exception {
        String other = credentials.issue(4);
        TransportClient client = connect();
        CompletableFuture<Boolean> done = CompletableFuture.supplyAsync(() -> {
            try {
                authenticate(client, hello(4, 40, "8"), other);
                return true;
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        while (endpoint.pending() == 0) {
            Thread.sleep(1);
        }
        assertThat(done).isNotDone();
        credentials.begun(40, new WorkerCredentials.Attempt(4, "8", "b-host"));
        assertThat(done.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(next(ExecutorEvents.ExecutorRegistered.class).connection().host())
                .isEqualTo("b-host");
    }

    @Test
    void aConnectionWithoutHandshakeIsDropped() throws Exception {
        TransportClient client = connect();
        send(client, new DriverMessage.Heartbeat(2));
        assertDropped(client);
        assertThat(events.next(Duration.ZERO)).isEmpty();
    }

    @Test
    void bytesThatAreNoHelloAreDropped() throws Exception {
        TransportClient client = connect();
        assertThatThrownBy(() -> call(client, MessageCodec.encodeHandshake(new HandshakeMessage.PeerHello("7", "0"))))
                .hasMessageContaining("closed");
        assertDropped(client);
    }

    @Test
    void bytesThatAreNoMessageAreDroppedAndCounted() throws Exception {
        TransportClient client = authenticated();
        client.send(ByteBuffer.wrap(new byte[] {1, 99, 3, 4}));
        next(ExecutorEvents.ExecutorLost.class);
        assertDropped(client);
    }

    @Test
    void aMessageLargerThanAnyValidOneIsDroppedBeforeItIsBuffered() throws Exception {
        TransportClient client = authenticated();
        client.send(ByteBuffer.wrap(new byte[(int) LARGEST]));
        next(ExecutorEvents.ExecutorLost.class);
        assertDropped(client);
    }

    @Test
    void unauthenticatedFramesAreLimited() throws Exception {
        try (Socket socket = new Socket(endpoint.host(), endpoint.port())) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            // Byte by byte, so that the length comes in pieces.
            for (byte one : ByteBuffer.allocate(Long.BYTES).putLong(100_000).array()) {
                out.write(one);
                out.flush();
            }
            assertThat(socket.getInputStream().read())
                    .as("the end of the connection")
                    .isEqualTo(-1);
        }
        assertThat(endpoint.dropped()).isEqualTo(1);
    }

    /**
     * Spark would allocate what a request for a stream says that its name is long, which is as much as this driver's memory.
     */
    @ParameterizedTest
    @ValueSource(ints = {0, 5, 6, 10, 11, 255})
    void whoIsNotAuthenticatedMaySendOnlyWhatAGreetingIsMadeOf(int type) throws Exception {
        try (LogLines log = new LogLines();
                Socket socket = new Socket(endpoint.host(), endpoint.port())) {
            socket.getOutputStream()
                    .write(ByteBuffer.allocate(40)
                            .putLong(40)
                            .put((byte) type)
                            .putInt(Integer.MAX_VALUE - 8)
                            .array());
            assertThat(socket.getInputStream().readAllBytes()).isEmpty();
            assertThat(log.lines()).anyMatch(line -> line.contains("WARN dropped a frame of type " + type));
        }
        assertThat(endpoint.dropped()).isEqualTo(1);
        authenticated();
    }

    @Test
    void fiveHundredIdleConnectionsHoldFewDescriptorsAndKeepNoExecutorOut() throws Exception {
        List<Socket> idle = new ArrayList<>();
        try (LogLines log = new LogLines()) {
            for (int i = 0; i < 500; i++) {
                idle.add(new Socket(endpoint.host(), endpoint.port()));
                if (i == 250) {
                    // The server's threads register connections out of order: an earlier one could still replace the
                    // executor's.
                    while (endpoint.dropped() < i + 1 - FEW.perAddress()) {
                        Thread.sleep(5);
                    }
                    authenticated();
                }
            }
            while (endpoint.dropped() < 500 - FEW.perAddress()) {
                Thread.sleep(5);
            }
            assertThat(endpoint.pending()).isEqualTo(FEW.perAddress());
            assertThat(log.lines().stream().filter(line -> line.contains("WARN dropped")))
                    .as("lines of one minute")
                    .hasSize(20);
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
        assertThat(events.next(Duration.ZERO)).as("the executor is still there").isEmpty();
    }

    @Test
    void connectionsFromManyAddressesAreLimitedTogether() throws Exception {
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 60; i++) {
                InetAddress from = InetAddress.getByAddress(new byte[] {127, 0, 1, (byte) (1 + i % 10)});
                idle.add(new Socket(InetAddress.getByName(endpoint.host()), endpoint.port(), from, 0));
            }
            while (endpoint.dropped() < 60 - FEW.connections()) {
                Thread.sleep(5);
            }
            assertThat(endpoint.pending()).isEqualTo(FEW.connections());
            authenticated();
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    @Test
    void aConnectionThatIsNotAuthenticatedInTimeIsDropped() throws Exception {
        openAgain(new PendingConnections.Limits(20, 8, Duration.ofMillis(500), 64 * 1024));
        try (Socket silent = new Socket(endpoint.host(), endpoint.port());
                Socket slow = new Socket(endpoint.host(), endpoint.port())) {
            OutputStream out = slow.getOutputStream();
            // A frame of legal length, a byte at a time: it would take an hour.
            out.write(ByteBuffer.allocate(Long.BYTES).putLong(60_000).array());
            try {
                while (slow.getInputStream().available() == 0 && endpoint.dropped() < 2) {
                    out.write(1);
                    out.flush();
                    Thread.sleep(20);
                }
            } catch (IOException e) {
                // It has been closed.
            }
            assertThat(silent.getInputStream().read()).isEqualTo(-1);
        }
        while (endpoint.pending() > 0) {
            Thread.sleep(5);
        }
        assertThat(endpoint.dropped()).isEqualTo(2);
        authenticated();
    }

    @Test
    void aPortThatIsTakenIsAClusterFailure() {
        SparkConf conf = spark.context().getConf().set("spark.port.maxRetries", "0");
        assertThatThrownBy(() -> new DriverEndpoint(
                        conf, settings(endpoint.port()), new WorkerCredentials(), LARGEST, events, workerJobId -> {}))
                .isInstanceOf(ClusterException.class)
                .hasMessageContaining(endpoint.port() + " (cluster.port)");
    }
}
