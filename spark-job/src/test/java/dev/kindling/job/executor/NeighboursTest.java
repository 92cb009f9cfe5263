package dev.kindling.job.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.fold.Fold;
import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.fold.Slice;
import dev.kindling.job.random.Stream;
import dev.kindling.job.runner.Holdings;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.FoldOrder;
import dev.kindling.job.wire.Peer;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.ToPeer;
import dev.kindling.job.wire.VectorSlice;
import dev.kindling.job.wire.Wire;
import dev.kindling.job.wire.WorkReply;
import java.io.DataOutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.server.NoOpRpcHandler;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;
import org.apache.spark.network.server.TransportServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What executors give each other over their own ports, and what they take from nobody. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NeighboursTest {
    private static final String TOKEN = "open sesame";
    private static final int COUNT = 3;
    /** No multiple of the count, and slices far longer than a question may be. */
    private static final int SIZE = 100_003;

    private static final long VERSION = 7;
    private static final Duration LONG = Duration.ofSeconds(30);

    private final List<Holdings> holdings = new ArrayList<>();
    private final List<Neighbours> all = new ArrayList<>();
    private SparkContext spark;
    private Transport transport;
    private TransportClientFactory clients;

    @BeforeAll
    void start() {
        spark = new SparkContext(
                new SparkConf().setMaster("local[1]").setAppName("neighbours").set("spark.ui.enabled", "false"));
    }

    @AfterAll
    void stop() {
        spark.stop();
    }

    @BeforeEach
    void open() {
        for (int i = 0; i < COUNT; i++) {
            holdings.add(new Holdings());
            all.add(new Neighbours(TOKEN, 4L * SIZE, holdings.get(i)));
        }
        transport = transport(new NoOpRpcHandler());
        clients = transport.context().createClientFactory();
    }

    @AfterEach
    void close() {
        all.forEach(Neighbours::close);
        all.clear();
        holdings.clear();
        clients.close();
        transport.context().close();
    }

    private static Transport transport(RpcHandler handler) {
        return new Transport(SparkEnv.get().conf(), SparkEnv.get().securityManager(), handler);
    }

    private static Storage numbers(long seed, int size) {
        Storage numbers = Storage.zeros(Precision.FLOAT, size);
        Stream stream = Stream.of(seed);
        for (int i = 0; i < size; i++) {
            numbers.set(i, stream.nextDouble(-1, 1));
        }
        return numbers;
    }

    private static VectorSlice slice(Storage whole, int index, List<Peer> peers) {
        return new VectorSlice(VERSION, whole.size(), index, new Slice(index, peers.size()).of(whole), peers);
    }

    private List<Peer> peers() {
        return all.stream().map(Neighbours::self).toList();
    }

    @Test
    void eachPutsTheVectorTogetherFromTheSlicesOfAll() {
        Storage whole = numbers(1, SIZE);
        List<CompletableFuture<SharedVector>> vectors = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            vectors.add(all.get(i).gather(slice(whole, i, peers())));
        }
        for (CompletableFuture<SharedVector> vector : vectors) {
            assertThat(vector.join()).isEqualTo(new SharedVector(VERSION, whole));
        }
        assertThat(all).allSatisfy(each -> assertThat(each.turnedAway()).isZero());
    }

    @Test
    void eachFoldsASliceOfWhatAllHaveKept() {
        // Five blocks: the first holder has two nodes, the second one, the third two.
        int[][] places = {{0, 0}, {0, 1}, {1, 1}, {0, 4}};
        int[] holder = {0, 0, 1, 2};
        int[] firstTask = {0, 0, 2, 4};
        List<FoldNode> nodes = new ArrayList<>();
        for (int i = 0; i < places.length; i++) {
            nodes.add(new FoldNode(places[i][0], places[i][1], numbers(i, SIZE), new double[0], 1));
        }
        Fold expected = new Fold(5);
        nodes.forEach(node -> expected.add(
                new FoldNode(node.level(), node.index(), node.sums().copy(), new double[0], node.tasks())));
        Storage root = expected.root().sums();
        List<FoldOrder.Piece> pieces = new ArrayList<>();
        for (int who = 0; who < COUNT; who++) {
            List<FoldNode> kept = new ArrayList<>();
            int first = 0;
            for (int i = 0; i < places.length; i++) {
                if (holder[i] == who) {
                    kept.add(nodes.get(i));
                    first = firstTask[i];
                }
            }
            WorkReply.Nanos nanos = new WorkReply.Nanos(0, 0, 0, 0, new long[0]);
            holdings.get(who).begin(VERSION);
            holdings.get(who).keep(VERSION, new WorkReply(first, kept, List.of(), new double[0], "" + who, nanos));
            pieces.add(new FoldOrder.Piece(
                    peers().get(who),
                    first,
                    kept.stream()
                            .map(node -> new FoldOrder.Head(node.level(), node.index(), node.tasks()))
                            .toList()));
        }
        for (int i = 0; i < COUNT; i++) {
            Slice slice = new Slice(i, COUNT);
            assertThat(all.get(i).fold(new FoldOrder(VERSION, 5, slice, pieces)).join())
                    .isEqualTo(slice.of(root));
        }
        assertThatThrownBy(() -> all.get(0)
                        .fold(new FoldOrder(VERSION + 1, 5, new Slice(0, COUNT), pieces))
                        .join())
                .hasMessageContaining("no sums of vector 8");
    }

    private TransportClient stranger() throws Exception {
        Peer peer = all.get(0).self();
        return clients.createUnmanagedClient(peer.host(), peer.port());
    }

    private void assertTurnedAway(TransportClient client) throws InterruptedException {
        while (client.isActive()) {
            Thread.sleep(5);
        }
        assertThat(all.get(0).turnedAway()).isEqualTo(1);
    }

    @Test
    void whoHasNotTheTokenGetsNothing() throws Exception {
        holdings.get(0).take(VERSION, numbers(1, 10));
        byte[] question = Wire.encodeToPeer(new ToPeer.OfVector("open barley", VERSION));
        TransportClient client = stranger();
        assertThatThrownBy(() -> client.sendRpcSync(ByteBuffer.wrap(question), LONG.toMillis()))
                .hasMessageContaining("closed");
        assertTurnedAway(client);
        byte[] right = Wire.encodeToPeer(new ToPeer.OfVector(TOKEN, VERSION));
        byte[] answer =
                stranger().sendRpcSync(ByteBuffer.wrap(right), LONG.toMillis()).array();
        assertThat(answer).as("to the same with the token").hasSizeGreaterThan(40);
    }

    @Test
    void whatIsNoQuestionEndsTheConnection() throws Exception {
        TransportClient client = stranger();
        client.send(ByteBuffer.wrap(new byte[] {2, 99, 3, 4}));
        assertTurnedAway(client);
    }

    @Test
    void aQuestionLongerThanAnyIsNotCollected() throws Exception {
        Peer peer = all.get(0).self();
        try (Socket socket = new Socket(peer.host(), peer.port())) {
            new DataOutputStream(socket.getOutputStream()).writeLong(100_000);
            assertThat(socket.getInputStream().read())
                    .as("the end of the connection")
                    .isEqualTo(-1);
        }
        assertThat(all.get(0).turnedAway()).isEqualTo(1);
    }

    @Test
    void anAnswerLongerThanWhatWasAskedForIsNotCollected() {
        Transport lavish = transport(new RpcHandler() {
            @Override
            public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
                callback.onSuccess(ByteBuffer.wrap(Wire.encodeNumbers(numbers(2, 2 * SIZE))));
            }

            @Override
            public StreamManager getStreamManager() {
                return new OneForOneStreamManager();
            }
        });
        try (TransportServer server = lavish.context().createServer("localhost", 0, List.of())) {
            List<Peer> peers = List.of(
                    all.get(0).self(),
                    new Peer("localhost", server.getPort()),
                    new Peer("localhost", server.getPort()));
            CompletableFuture<SharedVector> vector = all.get(0).gather(slice(numbers(1, SIZE), 0, peers));
            assertThatThrownBy(vector::join).hasMessageContaining("closed");
        } finally {
            lavish.context().close();
        }
        assertThat(all.get(0).turnedAway()).isPositive();
    }
}
