package dev.kindling.job.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.protocol.BroadcastShard;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.HandshakeMessage;
import dev.kindling.job.protocol.Peer;
import dev.kindling.job.protocol.PeerAccess;
import dev.kindling.job.protocol.PeerRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.protocol.ReduceShardRequest;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.reduce.TreeReducer;
import dev.kindling.job.reduce.VectorShard;
import dev.kindling.job.runner.ShardStore;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.io.DataOutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
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

/** Tests the exchange of shards between executors over their own ports, and refused connections. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PeerTransportTest {
    private static final int COUNT = 3;
    /** Not a multiple of the number of peers, with shards far longer than a request may be. */
    private static final int SIZE = 100_003;

    private static final long VERSION = 7;
    private static final PendingConnections.Limits LIMITS =
            new PendingConnections.Limits(8, 8, Duration.ofSeconds(30), 64 * 1024);

    private static final Duration LONG = Duration.ofSeconds(30);

    private final List<ShardStore> stores = new ArrayList<>();
    private final List<PeerTransport> all = new ArrayList<>();
    private final List<byte[]> sessionKeys = new ArrayList<>();
    private SparkContext spark;
    private Transport transport;
    private TransportClientFactory clients;

    @BeforeAll
    void start() {
        spark = new SparkContext(
                new SparkConf().setMaster("local[1]").setAppName("peers").set("spark.ui.enabled", "false"));
    }

    @AfterAll
    void stop() {
        spark.stop();
    }

    @BeforeEach
    void open() {
        for (int i = 0; i < COUNT; i++) {
            stores.add(new ShardStore());
            all.add(new PeerTransport(4L * SIZE, stores.get(i), name(i), LIMITS));
            sessionKeys.add(HexFormat.of().parseHex(Handshake.random()));
            all.get(i).authenticateWith(sessionKeys.get(i));
        }
        transport = transport(new NoOpRpcHandler());
        clients = transport.context().createClientFactory();
    }

    @AfterEach
    void close() {
        all.forEach(PeerTransport::close);
        all.clear();
        sessionKeys.clear();
        stores.clear();
        clients.close();
        transport.context().close();
    }

    private static Transport transport(RpcHandler handler) {
        return new Transport(SparkEnv.get().conf(), SparkEnv.get().securityManager(), handler);
    }

    private static FlatVector numbers(long seed, int size) {
        FlatVector numbers = FlatVector.zeros(Precision.FLOAT, size);
        RandomStream stream = RandomStream.of(seed);
        for (int i = 0; i < size; i++) {
            numbers.set(i, stream.nextDouble(-1, 1));
        }
        return numbers;
    }

    private static String name(int executor) {
        return "executor-" + executor;
    }

    private static BroadcastShard shard(FlatVector whole, int index, List<PeerAccess> peers) {
        return new BroadcastShard(VERSION, whole.size(), index, new VectorShard(index, peers.size()).of(whole), peers);
    }

    /** The access to all peers that the driver sends to one of them. */
    private List<PeerAccess> peers(int client) {
        List<PeerAccess> peers = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            peers.add(access(client, i));
        }
        return peers;
    }

    private PeerAccess access(int client, int server) {
        return new PeerAccess(all.get(server).self(), sealedKey(client, server, name(client)));
    }

    private String sealedKey(int client, int server, String name) {
        return PeerKeys.seal(sessionKeys.get(client), sessionKeys.get(server), name);
    }

    @Test
    void eachPeerGathersTheVectorFromTheShardsOfAll() {
        FlatVector whole = numbers(1, SIZE);
        List<CompletableFuture<BroadcastVector>> vectors = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            vectors.add(all.get(i).gather(shard(whole, i, peers(i))));
        }
        for (CompletableFuture<BroadcastVector> vector : vectors) {
            assertThat(vector.join()).isEqualTo(new BroadcastVector(VERSION, whole));
        }
        assertThat(all).allSatisfy(each -> assertThat(each.turnedAway()).isZero());
    }

    @Test
    void eachPeerReducesAShardOfTheRetainedSums() {
        // Five blocks: the first holder has two nodes, the second one, the third two.
        int[][] places = {{0, 0}, {0, 1}, {1, 1}, {0, 4}};
        int[] holder = {0, 0, 1, 2};
        int[] firstTask = {0, 0, 2, 4};
        List<PartialSum> sums = new ArrayList<>();
        for (int i = 0; i < places.length; i++) {
            sums.add(new PartialSum(places[i][0], places[i][1], numbers(i, SIZE), new double[0], 1));
        }
        TreeReducer expected = new TreeReducer(5);
        sums.forEach(node -> expected.add(
                new PartialSum(node.level(), node.index(), node.sums().copy(), new double[0], node.tasks())));
        FlatVector root = expected.root().sums();
        List<Integer> firsts = new ArrayList<>();
        List<List<ReduceShardRequest.NodeHeader>> headers = new ArrayList<>();
        for (int who = 0; who < COUNT; who++) {
            List<PartialSum> retained = new ArrayList<>();
            int first = 0;
            for (int i = 0; i < places.length; i++) {
                if (holder[i] == who) {
                    retained.add(sums.get(i));
                    first = firstTask[i];
                }
            }
            RangeResult.Nanos nanos = new RangeResult.Nanos(0, 0, 0, 0, new long[0]);
            stores.get(who).begin(VERSION);
            stores.get(who)
                    .retain(VERSION, new RangeResult(first, retained, List.of(), new double[0], "" + who, nanos));
            firsts.add(first);
            headers.add(retained.stream()
                    .map(node -> new ReduceShardRequest.NodeHeader(node.level(), node.index(), node.tasks()))
                    .toList());
        }
        for (int i = 0; i < COUNT; i++) {
            VectorShard shard = new VectorShard(i, COUNT);
            ReduceShardRequest request = new ReduceShardRequest(VERSION, 5, shard, pieces(i, firsts, headers));
            assertThat(all.get(i).reduce(request).join()).isEqualTo(shard.of(root));
        }
        ReduceShardRequest other =
                new ReduceShardRequest(VERSION + 1, 5, new VectorShard(0, COUNT), pieces(0, firsts, headers));
        assertThatThrownBy(() -> all.get(0).reduce(other).join()).hasMessageContaining("no sums of vector 8");
    }

    private List<ReduceShardRequest.Source> pieces(
            int reducer, List<Integer> firsts, List<List<ReduceShardRequest.NodeHeader>> headers) {
        List<ReduceShardRequest.Source> sources = new ArrayList<>();
        for (int who = 0; who < COUNT; who++) {
            sources.add(new ReduceShardRequest.Source(access(reducer, who), firsts.get(who), headers.get(who)));
        }
        return sources;
    }

    private TransportClient stranger() throws Exception {
        Peer peer = all.get(0).self();
        return clients.createUnmanagedClient(peer.host(), peer.port());
    }

    /** One that is authenticated as an executor. */
    private TransportClient authenticated(String executor, byte[] key) throws Exception {
        TransportClient client = stranger();
        Handshake.begin(client, key, new HandshakeMessage.PeerHello(executor, Handshake.random()))
                .prove(client);
        return client;
    }

    private void assertTurnedAway(TransportClient client) throws InterruptedException {
        while (client.isActive()) {
            Thread.sleep(5);
        }
        assertThat(all.get(0).turnedAway()).isEqualTo(1);
    }

    private byte[] ask(TransportClient client) {
        return client.sendRpcSync(
                        ByteBuffer.wrap(MessageCodec.encodePeerRequest(new PeerRequest.VectorShardRequest(VERSION))),
                        LONG.toMillis())
                .array();
    }

    @Test
    void whoIsNotAuthenticatedGetsNothing() throws Exception {
        stores.get(0).put(VERSION, numbers(1, 10));
        TransportClient client = stranger();
        assertThatThrownBy(() -> ask(client)).hasMessageContaining("closed");
        assertTurnedAway(client);
        byte[] key = PeerKeys.pair(sessionKeys.get(0), name(2));
        assertThat(ask(authenticated(name(2), key))).as("to one that is").hasSizeGreaterThan(40);
    }

    @Test
    void theKeyOfOneExecutorIsNoneForAnother() throws Exception {
        TransportClient client = stranger();
        byte[] key = PeerKeys.pair(sessionKeys.get(0), name(2));
        HandshakeMessage hello = new HandshakeMessage.PeerHello(name(1), Handshake.random());
        assertThatThrownBy(() -> Handshake.begin(client, key, hello)).hasMessageContaining("does not know this run's");
        byte[] proof = MessageCodec.encodeHandshake(new HandshakeMessage.Proof(Handshake.random()));
        assertThatThrownBy(() -> client.sendRpcSync(ByteBuffer.wrap(proof), LONG.toMillis()))
                .hasMessageContaining("closed");
        assertTurnedAway(client);
    }

    @Test
    void whatAPeerIsNotSentItCannotRead() {
        byte[] key = PeerKeys.pair(sessionKeys.get(0), name(1));
        String sealed = sealedKey(1, 0, name(1));
        assertThat(PeerKeys.open(sessionKeys.get(1), sealed)).isEqualTo(key);
        assertThat(PeerKeys.open(sessionKeys.get(2), sealed)).isNotEqualTo(key);
        assertThat(sealed).doesNotContain(HexFormat.of().formatHex(key));
        assertThat(sealedKey(1, 0, name(1))).as("sealed again").isNotEqualTo(sealed);
    }

    @Test
    void anImpostorAtTheAddressOfAPeerReceivesNoRequest() {
        try (PeerTransport impostor = new PeerTransport(4L * SIZE, new ShardStore(), name(1), LIMITS)) {
            impostor.authenticateWith(HexFormat.of().parseHex(Handshake.random()));
            List<PeerAccess> peers = List.of(
                    access(0, 0),
                    new PeerAccess(impostor.self(), sealedKey(0, 1, name(0))),
                    new PeerAccess(impostor.self(), sealedKey(0, 1, name(0))));
            assertThatThrownBy(() ->
                            all.get(0).gather(shard(numbers(1, SIZE), 0, peers)).join())
                    .hasMessageContaining("no connection to " + impostor.self().host());
        }
    }

    @Test
    void idleConnectionsAreLimitedAndKeepNoExecutorOut() throws Exception {
        Peer peer = all.get(0).self();
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 10 * LIMITS.connections(); i++) {
                idle.add(new Socket(peer.host(), peer.port()));
            }
            // The server's threads register connections out of order: an earlier one could still replace the
            // executor's.
            while (all.get(0).turnedAway() < 9L * LIMITS.connections()) {
                Thread.sleep(5);
            }
            stores.get(0).put(VERSION, numbers(1, 10));
            assertThat(ask(authenticated(name(2), PeerKeys.pair(sessionKeys.get(0), name(2)))))
                    .hasSizeGreaterThan(40);
            assertThat(all.get(0).turnedAway()).isGreaterThanOrEqualTo(9L * LIMITS.connections());
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
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

    /** A peer that authenticates and then sends a longer response than requested. */
    private byte[] lavishAnswer(TransportClient client, byte[] message) {
        AttributeKey<Handshake> begun = AttributeKey.valueOf("lavish");
        Channel channel = client.getChannel();
        if (!channel.hasAttr(begun)) {
            channel.attr(begun).set(Handshake.answering(PeerKeys.pair(sessionKeys.get(1), name(0)), message));
            return channel.attr(begun).get().challenge();
        }
        boolean question = message[1] == MessageCodec.encodePeerRequest(new PeerRequest.VectorShardRequest(VERSION))[1];
        return question ? MessageCodec.encodeShardPayload(numbers(2, 2 * SIZE)) : new byte[0];
    }

    @Test
    void aResponseLongerThanRequestedIsNotBuffered() {
        Transport lavish = transport(new RpcHandler() {
            @Override
            public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
                byte[] bytes = new byte[message.remaining()];
                message.get(bytes);
                callback.onSuccess(ByteBuffer.wrap(lavishAnswer(client, bytes)));
            }

            @Override
            public StreamManager getStreamManager() {
                return new OneForOneStreamManager();
            }
        });
        try (TransportServer server = lavish.context().createServer("localhost", 0, List.of())) {
            List<PeerAccess> peers = List.of(
                    access(0, 0),
                    new PeerAccess(new Peer("localhost", server.getPort()), sealedKey(0, 1, name(0))),
                    new PeerAccess(new Peer("localhost", server.getPort()), sealedKey(0, 1, name(0))));
            CompletableFuture<BroadcastVector> vector = all.get(0).gather(shard(numbers(1, SIZE), 0, peers));
            assertThatThrownBy(vector::join).hasMessageContaining("closed");
        } finally {
            lavish.context().close();
        }
        assertThat(all.get(0).turnedAway()).isPositive();
    }
}
