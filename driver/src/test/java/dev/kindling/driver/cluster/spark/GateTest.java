package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.cluster.ClusterException;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.Inbox;
import dev.kindling.job.executor.Transport;
import dev.kindling.job.wire.ToDriver;
import dev.kindling.job.wire.Wire;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
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

/** Who may say what to the driver. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GateTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long LARGEST = 1 << 20;

    private final CopyOnWriteArrayList<Long> started = new CopyOnWriteArrayList<>();
    private SparkApplication spark;
    private Inbox inbox;
    private Gate gate;
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
        return new ClusterSettings(ClusterSettings.Mode.RESIDENT, 0, Duration.ofSeconds(60), port);
    }

    @BeforeEach
    void open() {
        SparkConf conf = spark.context().getConf();
        inbox = new Inbox();
        started.clear();
        gate = new Gate(conf, settings(0), "open sesame", LARGEST, inbox, started::add);
        transport = new Transport(conf, SparkEnv.get().securityManager(), new NoOpRpcHandler());
        clients = transport.context().createClientFactory();
    }

    @AfterEach
    void close() {
        clients.close();
        transport.context().close();
        gate.close();
    }

    private TransportClient connect() throws IOException, InterruptedException {
        return clients.createUnmanagedClient(gate.host(), gate.port());
    }

    private static void say(TransportClient client, ToDriver message) {
        client.send(ByteBuffer.wrap(Wire.encodeToDriver(message)));
    }

    private <T extends Inbox.Event> T next(Class<T> type) throws InterruptedException {
        Optional<Inbox.Event> event = inbox.next(PATIENCE);
        assertThat(event).containsInstanceOf(type);
        return type.cast(event.orElseThrow());
    }

    private void assertDropped(TransportClient client) throws InterruptedException {
        while (client.isActive()) {
            Thread.sleep(5);
        }
        assertThat(gate.malformed()).isEqualTo(1);
    }

    @Test
    void whoShowsTheTokenIsHeard() throws Exception {
        TransportClient client = connect();
        say(client, new ToDriver.Hello("open sesame", "7", Optional.empty()));
        say(client, new ToDriver.Lent(3, "the processor"));
        say(client, new ToDriver.Present(2));
        assertThat(next(Inbox.Joined.class).link().name()).isEqualTo("7");
        assertThat(next(Inbox.Present.class).threads()).isEqualTo(2);
        assertThat(started).containsExactly(3L);
        client.close();
        assertThat(next(Inbox.Lost.class).link().name()).isEqualTo("7");
        assertThat(gate.malformed()).isZero();
    }

    @Test
    void whoShowsAnotherTokenIsDropped() throws Exception {
        TransportClient client = connect();
        say(client, new ToDriver.Hello("open barley", "7", Optional.empty()));
        assertDropped(client);
        assertThat(inbox.next(Duration.ZERO)).isEmpty();
    }

    @Test
    void whoShowsNoneIsDropped() throws Exception {
        TransportClient client = connect();
        say(client, new ToDriver.Present(2));
        assertDropped(client);
        assertThat(inbox.next(Duration.ZERO)).isEmpty();
    }

    @Test
    void whatIsNoMessageIsDroppedAndCounted() throws Exception {
        TransportClient client = connect();
        say(client, new ToDriver.Hello("open sesame", "7", Optional.empty()));
        next(Inbox.Joined.class);
        client.send(ByteBuffer.wrap(new byte[] {1, 99, 3, 4}));
        next(Inbox.Lost.class);
        assertDropped(client);
    }

    @Test
    void aMessageLargerThanAnyOfAWorkerIsDroppedBeforeItIsCollected() throws Exception {
        TransportClient client = connect();
        say(client, new ToDriver.Hello("open sesame", "7", Optional.empty()));
        next(Inbox.Joined.class);
        client.send(ByteBuffer.wrap(new byte[(int) LARGEST]));
        next(Inbox.Lost.class);
        assertDropped(client);
    }

    @Test
    void whoHasNotShownTheTokenMaySayLittle() throws Exception {
        try (Socket socket = new Socket(gate.host(), gate.port())) {
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
        assertThat(gate.malformed()).isEqualTo(1);
    }

    @Test
    void aPortThatIsTakenIsAClusterFailure() {
        SparkConf conf = spark.context().getConf().set("spark.port.maxRetries", "0");
        assertThatThrownBy(() -> new Gate(conf, settings(gate.port()), "x", LARGEST, inbox, ticket -> {}))
                .isInstanceOf(ClusterException.class)
                .hasMessageContaining(gate.port() + " (cluster.port)");
    }
}
